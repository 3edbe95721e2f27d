/** `floe plans`: on the repository itself. */
import { readFile } from 'node:fs/promises';
import { FloeError } from '@floe/graph/base';
import { unreadable } from '../store/unreadable.ts';
import { parsePlan } from '../train/plan.ts';
import { TrainingStore } from '../train/training-store.ts';
import { EXIT, print, printJson } from './output.ts';
import { withRepository } from './with-repository.ts';

type Options = Record<string, unknown>;

export async function planCommand(
  name: 'set' | 'show' | 'delete',
  model: string,
  file: string | undefined,
  options: Options,
): Promise<number> {
  return withRepository(options, async (objects) => {
    const store = new TrainingStore(objects);
    if (name === 'delete') await store.dropPlan(model);
    if (name === 'set') await store.keepPlan(model, parsePlan(await readYaml(String(file)), String(file)));
    const plan = await store.plan(model);
    if (name === 'show' && plan === undefined)
      throw new FloeError('NOT_FOUND', `${model} has no plan in ${objects.url}`, { field: 'model' });
    if (options['json'] === true) printJson({ model, plan: plan ?? null });
    else print(plan === undefined ? `${model} has no plan any more` : JSON.stringify(plan, null, 2));
    return EXIT.ok;
  });
}

async function readYaml(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch(unreadable(file));
  const { parse } = await import('yaml');
  try {
    return parse(text) as unknown;
  } catch (cause) {
    throw new FloeError('INVALID_ARGUMENT', `${file} is not YAML: ${(cause as Error).message}`, { file }, cause);
  }
}

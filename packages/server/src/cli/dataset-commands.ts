/** `floe datasets`: sets of examples, brought to a repository or used here. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unreadable } from '../store/unreadable.ts';
import { type Dataset, parseExamples, readDataset, writeDataset } from '../train/dataset.ts';
import { evaluate, scoreOf, storeEvaluation } from '../train/evaluate/evaluate.ts';
import { TrainingStore } from '../train/training-store.ts';
import { EXIT, print, printJson } from './output.ts';
import { withRepository } from './with-repository.ts';

type Options = Record<string, unknown>;

export async function addDataset(name: string, path: string, options: Options): Promise<number> {
  return withRepository(options, (objects) =>
    withDataset(name, path, async ({ manifest }, folder) => {
      const store = new TrainingStore(objects);
      await store.keepDataset(folder, manifest.digest);
      await store.nameDataset(name, manifest.digest);
      const { n, holdout, digest } = manifest;
      if (options['json'] === true) printJson({ name, digest, n, heldOut: holdout.n });
      else print(`${name}: ${n} examples, ${holdout.n} of them held out`);
      return EXIT.ok;
    }),
  );
}

export async function evaluateVersion(folder: string, path: string, { json }: Options): Promise<number> {
  return withDataset('examples', path, async (dataset) => {
    const evaluation = await evaluate(folder, dataset);
    await storeEvaluation(folder, evaluation);
    const { metrics, n } = evaluation;
    const score = scoreOf(evaluation);
    if (json === true) printJson(evaluation);
    else
      print(
        `${folder}: ${score?.metric ?? 'measured'} ${score?.value.toFixed(4) ?? ''} of ${n}: ${JSON.stringify(metrics)}`,
      );
    return EXIT.ok;
  });
}

/** A snapshot's folder as it is; the arrays of a file as a snapshot of that name, which goes again. */
async function withDataset<T>(
  name: string,
  path: string,
  work: (dataset: Dataset, folder: string) => Promise<T>,
): Promise<T> {
  if (!path.endsWith('.npz')) return work(await readDataset(path), path);
  const bytes = await readFile(path).catch(unreadable(path));
  const root = await mkdtemp(join(tmpdir(), 'floe-dataset-'));
  try {
    const folder = join(root, 'snapshot');
    await writeDataset(folder, name, parseExamples(bytes, path));
    return await work(await readDataset(folder), folder);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** The state between two epochs as a file, for the same training only: `key` names dataset, base and parameters. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asFloeError, FloeError, type Tensor } from '@floe/graph/base';
import { z } from 'zod';
import { npzBytes, parseNpz } from '../../store/npz.ts';
import { writeWhole } from '../../store/whole-file.ts';
import type { FitState } from './fit.ts';

const FILE = 'head.npz';
const GROUPS = ['parameters', 'best', 'first', 'second'] as const;

const Said = z.object({
  key: z.string(),
  epoch: z.int().min(0),
  stale: z.int().min(0),
  bestLoss: z.number(),
  step: z.int().min(0),
});

export async function saveCheckpoint(folder: string, key: string, state: FitState): Promise<void> {
  const { epoch, stale, bestLoss, step } = state;
  const said = Buffer.from(JSON.stringify({ key, epoch, stale, bestLoss, step } satisfies z.infer<typeof Said>));
  const arrays = new Map<string, Tensor>([['said', { dtype: 'uint8', shape: [said.length], data: said }]]);
  for (const group of GROUPS) {
    for (const [at, data] of state[group].entries())
      arrays.set(`${group}/${at}`, { dtype: 'float32', shape: [data.length], data });
  }
  await writeWhole(join(folder, FILE), npzBytes(arrays));
}

/** Undefined where there is none that this training can go on from; `log` is told why where there is a file. */
export async function restoreCheckpoint(
  folder: string,
  key: string,
  sizes: readonly number[],
  log: (text: string) => void,
): Promise<FitState | undefined> {
  const file = join(folder, FILE);
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined) return undefined;
  try {
    return parse(bytes, file, key, sizes);
  } catch (error) {
    log(`the checkpoint is not gone on from: ${asFloeError(error).message}`);
    return undefined;
  }
}

function parse(bytes: Uint8Array, file: string, key: string, sizes: readonly number[]): FitState {
  const arrays = parseNpz(bytes, file);
  const text = Buffer.from((arrays.get('said')?.data ?? []) as Uint8Array).toString('utf8');
  const { key: found, ...said } = Said.parse(JSON.parse(text));
  if (found !== key) throw new FloeError('FAILED_PRECONDITION', `${file} is of another training`, { file });
  const group = (name: string): readonly Float32Array[] =>
    sizes.map((size, at) => {
      const data = arrays.get(`${name}/${at}`)?.data;
      if (data instanceof Float32Array && data.length === size) return data;
      throw new FloeError('DATA_LOSS', `${file}: array ${name}/${at} is not there or of another size`, { file });
    });
  return {
    ...said,
    parameters: group('parameters'),
    best: group('best'),
    first: group('first'),
    second: group('second'),
  };
}

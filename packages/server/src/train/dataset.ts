/**
 * A dataset snapshot: a folder that never changes, which any tool reads.
 *
 *   dataset.json    what is in it, and digests of the content
 *   examples.npz    `inputs/<name>`, `label` (integers: classes; floats: numbers), `split` (1: held out), `feedback` (1: from users)
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { asFloeError, FloeError, type Tensor } from '@floe/graph/base';
import { z } from 'zod';
import { createWhole } from '../store/new-folder.ts';
import { MOST_NPZ_BYTES, npzBytes, parseNpz } from '../store/npz.ts';
import { unreadable } from '../store/unreadable.ts';
import {
  asTensor,
  checkExamples,
  digestExamples,
  type Examples,
  isClasses,
  kindOf,
  type Labels,
  rowsWhere,
} from './examples.ts';

export const DATASET_FILE = 'dataset.json';
export const EXAMPLES_FILE = 'examples.npz';
const MOST_MANIFEST_BYTES = 16 * 2 ** 20;
const INPUT = 'inputs/';

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);

const DatasetManifest = z.object({
  schemaVersion: z.literal('1.0'),
  /** What it is called in reports. */
  name: z.string().min(1),
  kind: z.enum(['classes', 'numbers']),
  n: count,
  fromUsers: count,
  /** Of all examples; that of those held out stays while examples to train on are added. */
  digest,
  holdout: z.object({ n: count, digest }),
  /** Number of examples by class, those held out not counted; empty where labels are numbers. */
  classes: z.record(z.string().regex(/^\d+$/), count),
});
export type DatasetManifest = z.infer<typeof DatasetManifest>;

export interface Dataset {
  readonly manifest: DatasetManifest;
  readonly examples: Examples;
}

/** Throws INVALID_ARGUMENT for examples that contradict themselves, ALREADY_EXISTS, and what the disk refuses. */
export async function writeDataset(folder: string, name: string, examples: Examples): Promise<DatasetManifest> {
  checkExamples(examples);
  const manifest = describe(name, examples);
  await createWhole(folder, async (hidden) => {
    await hidden.write(EXAMPLES_FILE, [npzBytes(arraysOf(examples))]);
    await hidden.write(DATASET_FILE, [Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)]);
  });
  return manifest;
}

/** What `examples.npz` holds. */
export function arraysOf({ inputs, labels, holdout, feedback }: Examples): ReadonlyMap<string, Tensor> {
  const arrays = new Map<string, Tensor>();
  for (const [input, tensor] of inputs) arrays.set(INPUT + input, tensor);
  return arrays.set('label', asTensor(labels)).set('split', asTensor(holdout)).set('feedback', asTensor(feedback));
}

/** Throws NOT_FOUND, DATA_LOSS (also where the content is not what the manifest says), RESOURCE_EXHAUSTED. */
export async function readDataset(folder: string): Promise<Dataset> {
  const manifest = parseDataset(await readBounded(join(folder, DATASET_FILE), MOST_MANIFEST_BYTES), folder);
  const file = join(folder, EXAMPLES_FILE);
  const examples = parseExamples(await readBounded(file, MOST_NPZ_BYTES), file);
  const found = describe(manifest.name, examples);
  if (found.digest !== manifest.digest || found.holdout.digest !== manifest.holdout.digest)
    throw new FloeError('DATA_LOSS', `${file} does not hold the examples that ${DATASET_FILE} says`, { file });
  return { manifest, examples };
}

function describe(name: string, examples: Examples): DatasetManifest {
  const { labels, holdout, feedback } = examples;
  const [train, held] = [rowsWhere(holdout, 0), rowsWhere(holdout, 1)];
  const heldDigest = digestExamples(examples, held);
  const flags = asTensor(Uint8Array.from(holdout, (flag, row) => 2 * flag + (feedback[row] as number)));
  const all = new Map([...examples.inputs, ['/flags', flags]]);
  return {
    schemaVersion: '1.0',
    name,
    kind: kindOf(labels),
    n: labels.length,
    fromUsers: rowsWhere(feedback, 1).length,
    digest: digestExamples({ ...examples, inputs: all }, Int32Array.from(labels.keys())),
    holdout: { n: held.length, digest: heldDigest },
    classes: isClasses(labels) ? countBy(train, labels) : {},
  };
}

function countBy(rows: Int32Array, labels: Labels): Record<string, number> {
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(labels[row] as number, (counts.get(labels[row] as number) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => a - b));
}

async function readBounded(file: string, most: number): Promise<Uint8Array> {
  const { size } = await stat(file).catch(unreadable(file));
  if (size > most) throw new FloeError('RESOURCE_EXHAUSTED', `${file} has ${size} bytes, at most ${most}`, { file });
  return readFile(file);
}

/** Throws DATA_LOSS naming the first wrong field. */
export function parseDataset(bytes: Uint8Array, folder: string): DatasetManifest {
  const file = join(folder, DATASET_FILE);
  let raw: unknown;
  try {
    raw = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new FloeError('DATA_LOSS', `${file} is not JSON: ${(cause as Error).message}`, { file }, cause);
  }
  const parsed = DatasetManifest.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  throw new FloeError('DATA_LOSS', `${file}: ${field || 'the whole'}: ${issue?.message}`, { file, field });
}

/** Throws DATA_LOSS where an array is missing, of the wrong kind, or contradicts the others. */
export function parseExamples(bytes: Uint8Array, file: string): Examples {
  const arrays = parseNpz(bytes, file);
  const inputs = new Map<string, Tensor>();
  for (const [name, tensor] of arrays) if (name.startsWith(INPUT)) inputs.set(name.slice(INPUT.length), tensor);
  const labels = labelsOf(vector(arrays, 'label', file), file);
  const examples = {
    inputs,
    labels,
    holdout: flagsOf(vector(arrays, 'split', file), file),
    // Who brings a set of their own has nothing from users.
    feedback: arrays.has('feedback') ? flagsOf(vector(arrays, 'feedback', file), file) : new Uint8Array(labels.length),
  };
  try {
    checkExamples(examples);
  } catch (error) {
    const { message, details } = asFloeError(error);
    throw new FloeError('DATA_LOSS', `${file}: ${message}`, details, error);
  }
  return examples;
}

function vector(arrays: ReadonlyMap<string, Tensor>, name: string, file: string): Tensor {
  const found = arrays.get(name);
  if (found?.shape.length === 1) return found;
  const reason = found === undefined ? 'is missing' : `has shape [${found.shape.join(', ')}] instead of one dimension`;
  throw new FloeError('DATA_LOSS', `${file}: array ${name} ${reason}`, { file, field: name });
}

function labelsOf({ dtype, data }: Tensor, file: string): Labels {
  if (dtype === 'float32' || dtype === 'float64') return Float64Array.from(data as Float32Array);
  if (!/^u?int\d+$/.test(dtype))
    throw new FloeError('DATA_LOSS', `${file}: labels are ${dtype}`, { file, field: 'label' });
  // What is too large for a class stays too large.
  return Int32Array.from(data as Int32Array, (label) => Math.min(Number(label), 2 ** 31 - 1));
}

function flagsOf({ dtype, data }: Tensor, file: string): Uint8Array {
  if (dtype !== 'uint8' && dtype !== 'bool')
    throw new FloeError('DATA_LOSS', `${file}: flags are ${dtype} instead of uint8`, { file });
  return data as Uint8Array;
}

/**
 * Asks TensorFlow for its answers, where a Python with TensorFlow is at hand: a model is called as it is, by `tensorflow_answers.py` in a
 * process of its own. Formats that TensorFlow does not read are asked about by their frozen graph.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  bytesOf,
  corrupt,
  type DType,
  FloeError,
  type FreezeOptions,
  type Frozen,
  frozenChunks,
  numericView,
  type Signature,
  type Source,
  sizeOf,
  type Tensor,
} from '@floe/graph';
import { exists } from '../../store/version-folder.ts';

const PROGRAM = fileURLToPath(new URL('../../../python/tensorflow_answers.py', import.meta.url));
/** A large model takes TensorFlow a minute to load. */
const MOST_MILLISECONDS = 15 * 60 * 1000;

/** One call that was made of our engine, to be made of TensorFlow as well. */
export interface Call {
  readonly key: string;
  readonly signature: Signature;
  /** By graph name. */
  readonly feeds: ReadonlyMap<string, Tensor>;
}

export interface Answers {
  /** TensorFlow's version. */
  readonly version: string;
  /** For each call, in order, its outputs by their keys, or what TensorFlow says. */
  readonly calls: readonly (ReadonlyMap<string, Tensor> | string)[];
}

/** The Python that has TensorFlow: as named, else `FLOE_PYTHON`, else `python3`. Undefined where there is none, which is an error for a named one. */
export async function findTensorFlow(named: string | undefined): Promise<string | undefined> {
  const python = named ?? process.env['FLOE_PYTHON'] ?? 'python3';
  const find = 'import importlib.util as u, sys; sys.exit(0 if u.find_spec("tensorflow") else 3)';
  try {
    await promisify(execFile)(python, ['-c', find], { timeout: 60_000 });
    return python;
  } catch (cause) {
    if (named === undefined) return undefined;
    throw new FloeError('NOT_FOUND', `${named} is no Python with TensorFlow`, { field: '--python' }, cause);
  }
}

/** What is asked about: where it was read from, what it was frozen to, and what was wanted of it. */
export interface Subject {
  readonly path: string;
  readonly source: Source;
  readonly frozen: Frozen;
  readonly wanted: FreezeOptions;
}

/** Throws INTERNAL where TensorFlow fails altogether. Everything is done in a folder inside `folder`. */
export async function askTensorFlow(
  python: string,
  folder: string,
  subject: Subject,
  calls: readonly Call[],
): Promise<Answers> {
  const work = await mkdtemp(join(folder, 'tensorflow-'));
  try {
    const runs = await Promise.all(calls.map((call, at) => writeCall(work, call, at)));
    const request = { ...(await sourceRequest(work, subject)), runs };
    await writeFile(join(work, 'request.json'), JSON.stringify(request));
    await runPython(python, work);
    return await readAnswers(work);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function sourceRequest(work: string, { path, source, frozen, wanted }: Subject): Promise<object> {
  const { format, tags } = source.checkpoint;
  const common = { tags, by_name: wanted.outputs !== undefined, settings: wanted.set ?? {} };
  // A frozen graph remembers the format that it was frozen from.
  const folder = /^saved_model\.pb(txt)?$/.test(basename(path)) ? dirname(path) : path;
  if (format === 'saved-model' && (await stat(folder)).isDirectory()) return { ...common, format, path: folder };
  const prefix = path.replace(/\.(meta|index|data-\d{5}-of-\d{5})$/, '');
  if (format === 'meta-graph' && (await exists(`${prefix}.meta`)))
    return { ...common, format, path: `${prefix}.meta`, checkpoint: prefix };
  const graph = join(work, 'graph.pb');
  await writeFile(graph, Buffer.concat([...frozenChunks(frozen)]));
  return { ...common, format: 'graph', path: graph, settings: {} };
}

async function writeCall(work: string, { key, signature, feeds }: Call, at: number): Promise<object> {
  const inputs: Record<string, object> = {};
  for (const [n, [input, { name }]] of Object.entries(signature.inputs).entries()) {
    const tensor = feeds.get(name) as Tensor;
    const file = `input-${at}-${n}`;
    await writeFile(join(work, file), bytesOf(tensor));
    inputs[input] = { name, dtype: tensor.dtype, shape: tensor.shape, file };
  }
  const outputs = Object.fromEntries(Object.entries(signature.outputs).map(([output, { name }]) => [output, name]));
  return { signature: key, inputs, outputs };
}

async function runPython(python: string, work: string): Promise<void> {
  try {
    await promisify(execFile)(python, [PROGRAM, work], { timeout: MOST_MILLISECONDS, maxBuffer: 1 << 26 });
  } catch (cause) {
    const { stderr = '', message } = cause as Error & { stderr?: string };
    const last = stderr.trim().split('\n').at(-1) || message;
    throw new FloeError('INTERNAL', `TensorFlow failed: ${last}`, [], cause);
  }
}

interface WrittenTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly file?: string;
  readonly strings?: readonly string[];
}

interface Written {
  readonly tensorflow: string;
  readonly runs: readonly (
    | { readonly outputs: Readonly<Record<string, WrittenTensor>> }
    | { readonly error: string }
  )[];
}

async function readAnswers(work: string): Promise<Answers> {
  const written = JSON.parse(await readFile(join(work, 'result.json'), 'utf8')) as Written;
  const calls = written.runs.map(async (run) => {
    if ('error' in run) return run.error;
    const entries = Object.entries(run.outputs).map(
      async ([key, tensor]) => [key, await readTensor(work, tensor)] as const,
    );
    return new Map(await Promise.all(entries));
  });
  return { version: written.tensorflow, calls: await Promise.all(calls) };
}

async function readTensor(work: string, { dtype, shape, file, strings }: WrittenTensor): Promise<Tensor> {
  if (strings !== undefined) return { dtype, shape, data: strings.map((text) => Buffer.from(text, 'base64')) };
  const data = numericView(dtype, new Uint8Array(await readFile(join(work, file ?? ''))));
  if (data.length !== sizeOf(shape)) throw corrupt(`TensorFlow wrote ${data.length} elements of ${sizeOf(shape)}`);
  return { dtype, shape, data };
}

/**
 * The library: a frozen model in your own process.
 *
 *   import { load, tensor } from 'floe';
 *   const session = await load('models/digits/1');
 *   const [probs] = await session.run({ 'x:0': tensor(pixels, [1, 28, 28, 1]) }, ['probs:0']);
 *   await session.close();
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type DType, FloeError, invalid, type Signature, sizeOf, type Tensor } from '@floe/graph/base';
import { Builder } from './build/builder.ts';
import type { Engine } from './core/engine.ts';
import { defaultCacheDir } from './core/machine.ts';
import { plainTerms } from './core/terms.ts';
import { CostModel } from './cost/cost-model.ts';
import { MachineRate } from './cost/machine-rate.ts';
import { openEngine } from './engine/index.ts';
import { type LoadedServable, loadVersion } from './servable/loaded.ts';
import { exists, MANIFEST_FILE } from './store/version-folder.ts';

export type { DType, ErrorCode, ErrorDetail, Signature, Tensor, TensorSpec } from '@floe/graph/base';
export { FloeError } from '@floe/graph/base';

/** Results in the order of the fetches, and by their names too: `result[0]` and `result['probs:0']` are the same tensor. */
export type Fetched = readonly Tensor[] & Readonly<Record<string, Tensor>>;

export interface ModelSession {
  readonly signatures: Readonly<Record<string, Signature>>;
  readonly labels: readonly string[];
  /**
   * Feeds and fetches are signature keys or any tensors that the frozen graph kept; `x` and `x:0` are one. Without `fetches`, all
   * outputs of the default signature. Throws FloeError: INVALID_ARGUMENT (dtype, rank, shape), NOT_FOUND (no such tensor).
   */
  run(feeds: Readonly<Record<string, Tensor>>, fetches?: readonly string[]): Promise<Fetched>;
  /** Waits for runs under way and gives the memory back. */
  close(): Promise<void>;
}

/**
 * Loads a frozen version's folder, or anything that `floe freeze` reads, which is then frozen for this session only.
 * Throws FloeError: NOT_FOUND, DATA_LOSS, UNIMPLEMENTED.
 */
export async function load(path: string): Promise<ModelSession> {
  const engine = await openEngine({ kind: 'auto' });
  const builder = new Builder();
  const temporary = (await exists(join(path, MANIFEST_FILE))) ? undefined : await mkdtemp(join(tmpdir(), 'floe-'));
  const release = async (): Promise<void> => {
    await builder.close();
    await engine.close();
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
  };
  try {
    const folder = temporary === undefined ? path : await freezeInto(temporary, path, builder);
    return sessionOf(await openVersion(resolve(folder), engine, builder), release);
  } catch (error) {
    await release();
    throw error;
  }
}

/** A tensor of numbers; the dtype follows from the array: Float32Array is float32, BigInt64Array is int64, and so on. */
export function tensor(
  data: Exclude<Tensor['data'], readonly Uint8Array[]>,
  shape: readonly number[],
  dtype?: DType,
): Tensor {
  if (sizeOf(shape) !== data.length)
    throw invalid(`shape [${shape.join(', ')}] needs ${sizeOf(shape)} elements, not ${data.length}`);
  return { dtype: dtype ?? dtypeOf(data), shape, data };
}

async function freezeInto(root: string, source: string, builder: Builder): Promise<string> {
  const { folder } = await builder.freeze({ source, root, name: 'model', version: 1 });
  return folder;
}

function openVersion(folder: string, engine: Engine, builder: Builder): Promise<LoadedServable> {
  const cacheFolder = join(defaultCacheDir(process.env), 'compiled');
  return loadVersion(folder, undefined, {
    engine,
    builder,
    session: { intraOpThreads: 0 },
    cacheFolder,
    costs: UNKEPT_COSTS,
    execute: ({ session, feeds, fetches }) => session.run(feeds, fetches),
  });
}

/** In somebody else's process runs are not scheduled, so nothing needs to know what they cost. */
const UNKEPT_COSTS = { open: async () => new CostModel(new MachineRate()), release: async () => {} };

const NOT_CANCELLED = new AbortController().signal;

function sessionOf(servable: LoadedServable, release: () => Promise<void>): ModelSession {
  return {
    signatures: servable.signatures,
    labels: servable.labels,
    run: async (feeds, fetches) => {
      const inputs = new Map(Object.entries(feeds));
      const call = fetches === undefined ? { inputs } : { inputs, outputs: fetches };
      const outputs = await servable.run(call, plainTerms(NOT_CANCELLED));
      const named = Object.fromEntries(outputs.map(({ name, tensor: result }) => [name, result]));
      return Object.assign(
        outputs.map((output) => output.tensor),
        named,
      ) as unknown as Fetched;
    },
    close: async () => {
      await servable.close();
      await release();
    },
  };
}

const BY_ARRAY: readonly [new (length: number) => Tensor['data'], DType][] = [
  [Float32Array, 'float32'],
  [Float64Array, 'float64'],
  [Int8Array, 'int8'],
  [Int16Array, 'int16'],
  [Int32Array, 'int32'],
  [BigInt64Array, 'int64'],
  [Uint8Array, 'uint8'],
  [Uint16Array, 'uint16'],
  [Uint32Array, 'uint32'],
  [BigUint64Array, 'uint64'],
];

function dtypeOf(data: Tensor['data']): DType {
  const found = BY_ARRAY.find(([array]) => data instanceof array);
  if (found === undefined) throw new FloeError('INVALID_ARGUMENT', 'data must be a typed array');
  return found[1];
}

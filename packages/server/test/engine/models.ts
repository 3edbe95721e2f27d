/** The golden models of the suite, tensors for them, and the few powers that its tests share. Made by `golden/engine/make.py`. */
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { asFloeError, type DType, type ErrorCode, type FloeError, type Tensor } from '@floe/graph';

const GOLDEN = fileURLToPath(new URL('../golden/engine/', import.meta.url));

export const ONE_THREAD = { intraOpThreads: 1 } as const;

export function golden(name: string): string {
  return join(GOLDEN, `${name}.onnx`);
}

export interface MlpCase {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly hidden: readonly number[];
}

export async function expectedMlp(): Promise<MlpCase> {
  const expected = JSON.parse(await readFile(join(GOLDEN, 'expected.json'), 'utf8'));
  return expected.mlp;
}

export function tensor(dtype: DType, shape: readonly number[], data: Tensor['data']): Tensor {
  return { dtype, shape, data };
}

export function floats(shape: readonly number[], values: readonly number[]): Tensor {
  return tensor('float32', shape, Float32Array.from(values));
}

/** The elements of a float32 result. */
export function numbers(result: Tensor | undefined): Float32Array {
  if (result?.data instanceof Float32Array) return result.data;
  throw new Error(`a float32 tensor was expected, not ${result?.dtype}`);
}

/** Feeds of the model `slow`: it answers `x + times` after so many rounds, about 50 us each. */
export function slowFeeds(x: readonly number[], times: number): Map<string, Tensor> {
  return new Map([
    ['x', floats([x.length], x)],
    ['first', floats([1], [1])],
    ['times', tensor('int64', [], BigInt64Array.of(BigInt(times)))],
  ]);
}

/** Feeds of `gather`, whose table is 0, 10, 20, 30. */
export function gatherFeeds(...indices: number[]): Map<string, Tensor> {
  return new Map([['indices', tensor('int64', [indices.length], BigInt64Array.from(indices, BigInt))]]);
}

export const EXTERNAL_ROWS = 256;
export const EXTERNAL_COLUMNS = 51_200;
export const EXTERNAL_BYTES = EXTERNAL_ROWS * EXTERNAL_COLUMNS * Float32Array.BYTES_PER_ELEMENT;

/** Holds a folder with `external.onnx` and the first `bytes` of its 50 MB of weights, all of them 0.5, while `use` runs. */
export async function withExternalModel<T>(bytes: number, use: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'floe-engine-'));
  try {
    const path = join(folder, 'external.onnx');
    await copyFile(golden('external'), path);
    const weights = new Float32Array(Math.ceil(bytes / Float32Array.BYTES_PER_ELEMENT)).fill(0.5);
    if (bytes > 0) await writeFile(join(folder, 'weights.bin'), new Uint8Array(weights.buffer, 0, bytes));
    return await use(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs `use` on a file of these bytes. */
export async function withModelFile<T>(bytes: Uint8Array, use: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'floe-engine-'));
  try {
    const path = join(folder, 'model.onnx');
    await writeFile(path, bytes);
    return await use(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The error that a promise ends with. */
export async function errorOf(promise: Promise<unknown>): Promise<FloeError> {
  try {
    await promise;
  } catch (error) {
    return asFloeError(error);
  }
  throw new Error('no error was thrown');
}

export async function codeOf(promise: Promise<unknown>): Promise<ErrorCode> {
  return (await errorOf(promise)).code;
}

setFlagsFromString('--expose-gc');
/** Collects all garbage, now. */
export const collectGarbage = runInNewContext('gc') as () => void;

/** Resident megabytes of this process, once garbage is collected. */
export function residentMegabytes(): number {
  collectGarbage();
  return process.memoryUsage.rss() / 2 ** 20;
}

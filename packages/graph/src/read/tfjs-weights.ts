/**
 * Weights of a TensorFlow.js model as tensors. Source of the encoding: `decodeWeights` in `tfjs-core/src/io/io_utils.ts`; little-endian,
 * a string is its length in four bytes and then its bytes.
 */
import { DTYPES, type DType } from '../dtype.ts';
import { corrupt, FloeError } from '../errors.ts';
import { float16ToNumber } from '../half.ts';
import type { FileAccess } from '../source.ts';
import { numericView, sizeOf, type Tensor } from '../tensor.ts';
import type { Quantization, WeightGroup, WeightSpec } from './tfjs-manifest.ts';
import { Shards } from './tfjs-shards.ts';

/** Bytes before each string. */
const LENGTH_BYTES = 4;
const NO_BYTES = new Uint8Array(0);

export interface Weights {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The files that were read. */
  readonly paths: readonly string[];
}

/**
 * Reads the weights that `wanted` names; groups without any are not looked at. `model` is for error messages.
 * Throws DATA_LOSS, NOT_FOUND, INVALID_ARGUMENT, UNIMPLEMENTED (complex weights).
 */
export async function readWeights(
  files: FileAccess,
  groups: readonly WeightGroup[],
  wanted: ReadonlySet<string>,
  model: string,
): Promise<Weights> {
  const tensors = new Map<string, Tensor>();
  const paths = new Set<string>();
  for (const { paths: shardPaths, weights } of groups) {
    if (!weights.some(({ name }) => wanted.has(name))) continue;
    const shards = await Shards.open(files, shardPaths, model);
    for (const path of shardPaths) paths.add(path);
    // Only strings have to be looked at to know where the next weight begins.
    const hasStrings = weights.some(({ width }) => width === undefined);
    const bytes = hasStrings ? await shards.read(0, shards.size, '') : NO_BYTES;
    let offset = 0;
    for (const weight of weights) {
      const size = storedSize(weight, shards, bytes, offset);
      if (wanted.has(weight.name))
        tensors.set(weight.name, decode(weight, await shards.read(offset, size, weight.name), model));
      offset += size;
    }
    shards.checkEnd(offset, weights.at(-1)?.name ?? '');
  }
  return { tensors, paths: [...paths] };
}

/** Bytes that the weight at `start` takes in its group. Throws DATA_LOSS for strings that end after it. */
function storedSize(weight: WeightSpec, shards: Shards, bytes: Uint8Array, start: number): number {
  const count = sizeOf(weight.shape);
  if (weight.width !== undefined) return count * weight.width;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = start;
  // Each string takes its length at least, so a count that lies ends here.
  for (let i = 0; i < count; i++) {
    if (end + LENGTH_BYTES > bytes.byteLength) throw shards.cutOff(end + LENGTH_BYTES, weight.name);
    end += LENGTH_BYTES + view.getUint32(end, true);
  }
  return end - start;
}

function decode(weight: WeightSpec, bytes: Uint8Array, model: string): Tensor {
  const { dtype, name, shape, quantization } = weight;
  if (dtype === 'complex64') {
    throw new FloeError('UNIMPLEMENTED', `${model}: weight ${name} is complex`, { file: model, tensor: name });
  }
  if (dtype === 'string') return { dtype, shape, data: strings(bytes) };
  if (quantization !== undefined) return { dtype, shape, data: dequantized(bytes, dtype, quantization) };
  if (dtype === 'bool' && bytes.some((byte) => byte > 1)) {
    throw corrupt(`${model}: weight ${name} holds a byte that is no bool`, { file: model, tensor: name });
  }
  return { dtype, shape, data: numericView(dtype, bytes) };
}

function strings(bytes: Uint8Array): readonly Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values: Uint8Array[] = [];
  for (let at = 0; at < bytes.byteLength; ) {
    const begin = at + LENGTH_BYTES;
    at = begin + view.getUint32(at, true);
    values.push(bytes.subarray(begin, at));
  }
  return values;
}

/** In double precision, rounded once to float32; integers to the nearest, halves upwards: as JavaScript does it in TensorFlow.js. */
function dequantized(bytes: Uint8Array, dtype: DType, quantization: Quantization): Float32Array | Int32Array {
  const width = DTYPES[quantization.dtype].size;
  const aligned = bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  const count = bytes.byteLength / width;
  const stored = width === 1 ? aligned : new Uint16Array(aligned.buffer, aligned.byteOffset, count);
  if (quantization.dtype === 'float16') return Float32Array.from(stored, float16ToNumber);
  const { scale, min } = quantization;
  if (dtype === 'int32') return Int32Array.from(stored, (value) => Math.round(value * scale + min));
  return Float32Array.from(stored, (value) => value * scale + min);
}

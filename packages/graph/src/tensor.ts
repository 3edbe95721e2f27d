/**
 * Tensors: a dtype, a shape and dense row-major elements. Numeric elements live in the typed array of their dtype, so that a view
 * of a file or of an engine's buffer is a tensor without a copy; strings are byte strings, as in TensorFlow.
 */
import type { DType } from './dtype.ts';
import { FloeError, invalid } from './errors.ts';
import { bfloat16ToNumber, float16ToNumber } from './half.ts';

export type NumericData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

export interface Tensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** bool is a Uint8Array of 0 and 1; float16 and bfloat16 are a Uint16Array of their bits; string is a list of byte strings. */
  readonly data: NumericData | readonly Uint8Array[];
}

/** What is known of a tensor before it exists. An unknown dimension is -1; an unknown rank is `shape: null`. */
export interface TensorSpec {
  /** Tensor name in the graph, such as `x:0`. */
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[] | null;
}

interface NumericArrayConstructor {
  new (length: number): NumericData;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): NumericData;
  readonly BYTES_PER_ELEMENT: number;
}

const ARRAYS: Partial<Record<DType, NumericArrayConstructor>> = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
};

/** The typed array that holds elements of `dtype`. Throws UNIMPLEMENTED for string, resource and variant. */
export function arrayFor(dtype: DType): NumericArrayConstructor {
  const array = ARRAYS[dtype];
  if (array === undefined) throw new FloeError('UNIMPLEMENTED', `dtype ${dtype} has no numeric elements`);
  return array;
}

/** Number of elements of a fully known shape. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const dim of shape) size *= dim;
  return size;
}

/** Elements of `dtype` seen in `bytes` (little-endian); copies only where the alignment demands it. */
export function numericView(dtype: DType, bytes: Uint8Array): NumericData {
  const array = arrayFor(dtype);
  const width = array.BYTES_PER_ELEMENT;
  if (bytes.byteLength % width !== 0)
    throw invalid(`${bytes.byteLength} bytes are no whole number of ${dtype} elements`);
  const aligned = bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
  return new array(aligned.buffer, aligned.byteOffset, aligned.byteLength / width);
}

/** The bytes behind a numeric tensor, without a copy. Throws UNIMPLEMENTED for strings. */
export function bytesOf(tensor: Tensor): Uint8Array {
  if (!ArrayBuffer.isView(tensor.data))
    throw new FloeError('UNIMPLEMENTED', `${tensor.dtype} tensors have no flat bytes`);
  return new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
}

/** Elements that are no bigints. */
export type Numbers = Exclude<NumericData, BigInt64Array | BigUint64Array>;

/** Elements as numbers; 16-bit floats are decoded. For dtypes that are neither 64-bit integers nor strings. */
export function numbersOf(tensor: Tensor): Numbers {
  const data = tensor.data as Numbers;
  if (tensor.dtype === 'float16') return Float32Array.from(data, float16ToNumber);
  return tensor.dtype === 'bfloat16' ? Float32Array.from(data, bfloat16ToNumber) : data;
}

/** A numeric tensor of zeros. */
export function zeros(dtype: DType, shape: readonly number[]): Tensor {
  return { dtype, shape, data: new (arrayFor(dtype))(sizeOf(shape)) };
}

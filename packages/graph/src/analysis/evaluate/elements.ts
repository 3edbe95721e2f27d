/**
 * Elements of constants for arithmetic. Integers of up to 32 bits and floats are numbers, 64-bit integers are bigints, 16-bit floats
 * are widened to float32 and narrowed again; writing into a typed array wraps integers around and rounds floats as TensorFlow does.
 */
import type { DType } from '../../dtype.ts';
import { numberToBfloat16, numberToFloat16 } from '../../half.ts';
import { arrayFor, type Numbers, type Tensor } from '../../tensor.ts';

export { type Numbers, numbersOf } from '../../tensor.ts';
export type Bigs = BigInt64Array | BigUint64Array;

export function isFloat(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64' || isHalf(dtype);
}

export function isHalf(dtype: DType): dtype is 'float16' | 'bfloat16' {
  return dtype === 'float16' || dtype === 'bfloat16';
}

export function isWide(dtype: DType): dtype is 'int64' | 'uint64' {
  return dtype === 'int64' || dtype === 'uint64';
}

export function isInteger(dtype: DType): boolean {
  return !isFloat(dtype) && dtype !== 'bool' && dtype !== 'string' && dtype !== 'resource' && dtype !== 'variant';
}

export function bigsOf(tensor: Tensor): Bigs {
  return tensor.data as Bigs;
}

/** Room for the results of arithmetic in `dtype`: float32 for 16-bit floats. */
export function scratch(dtype: DType, size: number): Numbers {
  return isHalf(dtype) ? new Float32Array(size) : (new (arrayFor(dtype))(size) as Numbers);
}

/** A tensor from what arithmetic left in `scratch`. */
export function tensorOf(dtype: DType, shape: readonly number[], data: Numbers): Tensor {
  if (dtype === 'float16') return { dtype, shape, data: Uint16Array.from(data, numberToFloat16) };
  return { dtype, shape, data: dtype === 'bfloat16' ? Uint16Array.from(data, numberToBfloat16) : data };
}

/** Math.max of 64-bit integers. */
export function larger(x: bigint, y: bigint): bigint {
  return x < y ? y : x;
}

/** Math.min of 64-bit integers. */
export function smaller(x: bigint, y: bigint): bigint {
  return x < y ? x : y;
}

/** Arithmetic on constant tensors at compile time: making, transposing, reshaping and broadcasting them. */
import type { DType } from '../dtype.ts';
import { lateTensor } from '../late-tensor.ts';
import { arrayFor, type NumericData, sizeOf, type Tensor } from '../tensor.ts';
import { gather } from './gather.ts';

type Writable = { [index: number]: number | bigint };

export function int64(...values: readonly number[]): Tensor {
  return { dtype: 'int64', shape: [values.length], data: BigInt64Array.from(values, BigInt) };
}

export function float32(values: ArrayLike<number>, shape: readonly number[] = [values.length]): Tensor {
  return { dtype: 'float32', shape, data: Float32Array.from(values) };
}

/** A scalar of any numeric dtype but float16 and bfloat16 (whose bits it would have to know). */
export function scalarOf(dtype: DType, value: number | bigint): Tensor {
  const data = new (arrayFor(dtype))(1);
  (data as Writable)[0] = dtype === 'int64' || dtype === 'uint64' ? BigInt(value) : Number(value);
  return { dtype, shape: [], data };
}

/** The elements as numbers; 64-bit integers beyond 2^53 lose their last bits. */
export function toNumbers(tensor: Tensor): readonly number[] {
  return Array.from(tensor.data as ArrayLike<number | bigint>, Number);
}

export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = (strides[i + 1] ?? 1) * (shape[i + 1] ?? 1);
  return strides;
}

/** Dimension `i` of the result is dimension `perm[i]` of the tensor. */
export function transposed(tensor: Tensor, perm: readonly number[]): Tensor {
  const shape = perm.map((axis) => tensor.shape[axis] ?? 1);
  const strides = stridesOf(tensor.shape);
  return gathered(
    tensor,
    shape,
    perm.map((axis) => strides[axis] ?? 0),
  );
}

/** The tensor broadcast to a shape that it is compatible with. */
export function broadcastTo(tensor: Tensor, shape: readonly number[]): Tensor {
  const offset = shape.length - tensor.shape.length;
  const strides = stridesOf(tensor.shape);
  return gathered(
    tensor,
    shape,
    shape.map((_, i) => ((tensor.shape[i - offset] ?? 1) === 1 ? 0 : (strides[i - offset] ?? 0))),
  );
}

function gathered(tensor: Tensor, shape: readonly number[], strides: readonly number[]): Tensor {
  const { dtype } = tensor;
  const size = sizeOf(shape);
  if (dtype !== 'string') {
    return lateTensor(dtype, shape, (allocate) => {
      const target = allocate(dtype, size);
      gather(tensor.data as NumericData, target, shape, strides);
      return target;
    });
  }
  const strings = tensor.data as readonly Uint8Array[];
  const places = new Uint32Array(size);
  gather(Uint32Array.from(strings.keys()), places, shape, strides);
  return { dtype, shape, data: Array.from(places, (place) => strings[place] as Uint8Array) };
}

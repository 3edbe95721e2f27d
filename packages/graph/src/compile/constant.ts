/** Arithmetic on constant tensors at compile time: making, transposing, reshaping and broadcasting them. */
import type { DType } from '../dtype.ts';
import { arrayFor, type NumericData, sizeOf, type Tensor } from '../tensor.ts';

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

export function reshaped(tensor: Tensor, shape: readonly number[]): Tensor {
  return { dtype: tensor.dtype, shape, data: tensor.data };
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

/** Reads the tensor through strides: an odometer over all but the innermost dimension. */
function gathered(tensor: Tensor, shape: readonly number[], strides: readonly number[]): Tensor {
  const size = sizeOf(shape);
  const source = tensor.data as unknown as Writable;
  const data = emptyLike(tensor, size);
  const target = data as unknown as Writable;
  const inner = shape.at(-1) ?? 1;
  const step = strides.at(-1) ?? 0;
  const index = new Array<number>(Math.max(0, shape.length - 1)).fill(0);
  let from = 0;
  for (let at = 0; at < size; ) {
    for (let i = 0; i < inner; i++) target[at++] = source[from + i * step] as number;
    for (let axis = index.length - 1; axis >= 0; axis--) {
      const stride = strides[axis] ?? 0;
      index[axis] = (index[axis] ?? 0) + 1;
      from += stride;
      if ((index[axis] ?? 0) < (shape[axis] ?? 1)) break;
      from -= stride * (shape[axis] ?? 1);
      index[axis] = 0;
    }
  }
  return { dtype: tensor.dtype, shape, data };
}

function emptyLike(tensor: Tensor, size: number): NumericData | Uint8Array[] {
  return tensor.dtype === 'string' ? new Array<Uint8Array>(size) : new (arrayFor(tensor.dtype))(size);
}

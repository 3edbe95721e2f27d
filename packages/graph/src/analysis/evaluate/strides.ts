/** Moving elements without looking at them: an output is described by where each of its elements comes from. */
import { arrayFor, type NumericData, sizeOf, type Tensor } from '../../tensor.ts';

/** Steps through row-major elements, one for each dimension. */
export function stridesOf(shape: readonly number[]): readonly number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = (strides[i + 1] ?? 1) * (shape[i + 1] ?? 1);
  return strides;
}

/** Strides that read a tensor of `shape` as if it were broadcast to `rank` dimensions: 0 where it repeats. */
export function broadcastStrides(shape: readonly number[], rank: number): readonly number[] {
  const strides = stridesOf(shape).map((stride, i) => (shape[i] === 1 ? 0 : stride));
  return [...new Array<number>(rank - shape.length).fill(0), ...strides];
}

/** For each element of `shape` in row-major order: `offset` plus its coordinates times `strides`. */
export function positions(shape: readonly number[], strides: readonly number[], offset = 0): Int32Array {
  const out = new Int32Array(sizeOf(shape));
  const at = new Array<number>(shape.length).fill(0);
  let position = offset;
  for (let i = 0; i < out.length; i++) {
    out[i] = position;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const coordinate = (at[axis] ?? 0) + 1;
      position += strides[axis] ?? 0;
      if (coordinate < (shape[axis] ?? 0)) {
        at[axis] = coordinate;
        break;
      }
      at[axis] = 0;
      position -= coordinate * (strides[axis] ?? 0);
    }
  }
  return out;
}

/** The elements of `tensor` at `from`, as a tensor of `shape`. */
export function take(tensor: Tensor, shape: readonly number[], from: Int32Array): Tensor {
  if (tensor.dtype === 'string') {
    const strings = tensor.data as readonly Uint8Array[];
    return { dtype: tensor.dtype, shape, data: Array.from(from, (i) => strings[i] ?? new Uint8Array(0)) };
  }
  const source = tensor.data as Float32Array;
  const data = new (arrayFor(tensor.dtype))(from.length) as Float32Array;
  for (let i = 0; i < from.length; i++) data[i] = source[from[i] ?? 0] as number;
  return { dtype: tensor.dtype, shape, data };
}

/** Joins numeric or string elements of one dtype. */
export function join(parts: readonly Tensor[], shape: readonly number[]): Tensor {
  const dtype = parts[0]?.dtype ?? 'float32';
  if (dtype === 'string') return { dtype, shape, data: parts.flatMap((part) => part.data as readonly Uint8Array[]) };
  const data = new (arrayFor(dtype))(sizeOf(shape));
  let at = 0;
  for (const part of parts) {
    (data as Float32Array).set(part.data as Float32Array, at);
    at += (part.data as NumericData).length;
  }
  return { dtype, shape, data };
}

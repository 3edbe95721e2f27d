/** Tensors element by element, whatever their dtype. */
import { sizeOf, type Tensor } from '../../tensor.ts';

/** A tensor of the dtype of `like`; `element` has to give what that dtype has. */
export function withElements(
  { dtype, data }: Tensor,
  shape: readonly number[],
  element: (i: number) => unknown,
): Tensor {
  const length = sizeOf(shape);
  if (!ArrayBuffer.isView(data))
    return { dtype, shape, data: Array.from({ length }, (_, i) => element(i) as Uint8Array) };
  const made = data.constructor as unknown as FromElements;
  return { dtype, shape, data: made.from({ length }, (_, i) => element(i)) };
}

interface FromElements {
  from(source: { readonly length: number }, map: (_: unknown, i: number) => unknown): Tensor['data'];
}

/** Sizes and places, which fit. */
export function integersOf({ data }: Tensor): readonly number[] {
  return Array.from(data as ArrayLike<number | bigint>, Number);
}

/** Where element `i` of a broadcast tensor comes from. */
export function placesIn(shape: readonly number[], dims: readonly number[]): (i: number) => number {
  if (sizeOf(shape) === 1) return () => 0;
  if (sizeOf(shape) === sizeOf(dims)) return (i) => i;
  return (i) => {
    let [left, stride, at] = [i, 1, 0];
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const dim = shape[axis - dims.length + shape.length] ?? 1;
      if (dim !== 1) at += (left % (dims[axis] as number)) * stride;
      stride *= dim;
      left = Math.floor(left / (dims[axis] as number));
    }
    return at;
  };
}

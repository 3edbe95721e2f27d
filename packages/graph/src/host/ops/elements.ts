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

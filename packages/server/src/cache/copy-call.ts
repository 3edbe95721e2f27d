/** A call with memory of its own: for work that goes on when the request's body has been given back. */
import type { Tensor } from '@floe/graph/base';
import type { InferCall, InputValue } from '../core/inference.ts';

export function copyCall(call: InferCall): InferCall {
  const inputs = new Map([...call.inputs].map(([name, value]) => [name, copyInput(value)]));
  return { ...call, inputs };
}

function copyInput(value: InputValue): InputValue {
  return 'images' in value ? { images: value.images.map((image) => image.slice()) } : copyTensor(value);
}

function copyTensor({ dtype, shape, data }: Tensor): Tensor {
  if (ArrayBuffer.isView(data)) return { dtype, shape, data: data.slice() };
  return { dtype, shape, data: data.map((text) => text.slice()) };
}

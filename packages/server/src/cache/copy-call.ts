/** A call with memory of its own: for work that goes on when the request's body has been given back. */
import type { Tensor } from '@floe/graph/base';
import type { InferCall, InputValue, KnownCall, KnownInput } from '../core/inference.ts';

/** Bytes of all inputs. */
export function bytesToCopy(call: KnownCall): number {
  let bytes = 0;
  for (const value of call.inputs.values()) bytes += bytesOfInput(value);
  return bytes;
}

function bytesOfInput(value: KnownInput): number {
  const parts = 'images' in value ? value.images : value.data;
  return ArrayBuffer.isView(parts) ? parts.byteLength : parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

export function copyCall(call: KnownCall): InferCall {
  const inputs = new Map([...call.inputs].map(([name, value]) => [name, copyInput(value)]));
  return { ...call, inputs };
}

function copyInput(value: KnownInput): InputValue {
  return 'images' in value ? { images: value.images.map((image) => image.slice()) } : copyTensor(value);
}

function copyTensor({ dtype, shape, data }: Tensor): Tensor {
  if (ArrayBuffer.isView(data)) return { dtype, shape, data: data.slice() };
  return { dtype, shape, data: data.map((text) => text.slice()) };
}

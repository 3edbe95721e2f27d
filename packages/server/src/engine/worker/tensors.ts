/** Tensors on their way to the worker engine's thread and back. */
import { DTYPES, type DType, FloeError, type Tensor, type TensorSpec } from '@floe/graph';
import type { WireSpec, WireTensor } from './messages.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** A copy that can be handed over: the caller keeps its arrays, and a view does not drag the whole buffer behind it along. */
export function toWire(name: string, tensor: Tensor): WireTensor {
  const { dtype, shape, data } = tensor;
  if (ArrayBuffer.isView(data)) return { dtype, shape, data: data.slice() };
  return { dtype, shape, data: data.map((bytes) => decode(name, bytes)) };
}

export function fromWire({ dtype, shape, data }: WireTensor): Tensor {
  if (ArrayBuffer.isView(data)) return { dtype, shape, data };
  return { dtype, shape, data: data.map((text) => encoder.encode(text)) };
}

/** Throws UNIMPLEMENTED for an element type that Floe does not know. The binding says an unknown rank as rank 0. */
export function specOf({ name, type, shape }: WireSpec): TensorSpec {
  if (!(type in DTYPES)) throw new FloeError('UNIMPLEMENTED', `tensor ${name} has the type ${type}`, { tensor: name });
  return { name, dtype: type as DType, shape };
}

function decode(name: string, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    const message = `input ${JSON.stringify(name)} has bytes that are no UTF-8; the worker engine knows no others`;
    throw new FloeError('UNIMPLEMENTED', message, { tensor: name });
  }
}

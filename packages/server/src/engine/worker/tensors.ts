/** Tensors on their way to the worker engine's thread and back. */
import { DTYPES, type DType, FloeError, type Tensor, type TensorSpec } from '@floe/graph/base';
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

/** Throws UNIMPLEMENTED for an element type that Floe does not know. A scalar and an unknown rank are the same to the binding. */
export function specOf({ name, type, shape }: WireSpec): TensorSpec {
  if (!(type in DTYPES)) throw new FloeError('UNIMPLEMENTED', `tensor ${name} has the type ${type}`, { tensor: name });
  return { name, dtype: type as DType, shape: shape.length === 0 ? null : shape };
}

/** The binding takes text only and ends it at a zero byte: better no answer than one for another string. */
function decode(name: string, bytes: Uint8Array): string {
  if (!bytes.includes(0)) {
    try {
      return decoder.decode(bytes);
    } catch {
      // Falls through to the error: this is no UTF-8.
    }
  }
  const message = `input ${JSON.stringify(name)} has a string that is no UTF-8 text, which the worker engine cannot carry`;
  throw new FloeError('UNIMPLEMENTED', message, { tensor: name });
}

/**
 * Raw tensor bytes of the binary tensor extension: little-endian elements, and strings with four bytes of length before each. Tensors
 * are views of the body; a copy is made only where the elements do not lie aligned.
 */

import { bytesOf, DTYPES, type DType, invalid, numericView, sizeOf, type Tensor } from '@floe/graph/base';
import { MAX_STRINGS } from '../json/dense.ts';

/** Throws INVALID_ARGUMENT where `bytes` are not the elements of `shape`. */
export function readBinary(name: string, dtype: DType, shape: readonly number[], bytes: Uint8Array): Tensor {
  const count = sizeOf(shape);
  if (dtype === 'string') return { dtype, shape, data: readStrings(name, count, bytes) };
  const expected = count * DTYPES[dtype].size;
  if (bytes.length !== expected) {
    const message = `input byte size mismatch for input '${name}'. Expected ${expected}, got ${bytes.length}`;
    throw invalid(message, { tensor: name });
  }
  if (dtype === 'bool' && bytes.some((byte) => byte > 1)) {
    return { dtype, shape, data: bytes.map((byte) => (byte === 0 ? 0 : 1)) };
  }
  return { dtype, shape, data: numericView(dtype, bytes) };
}

function readStrings(name: string, count: number, bytes: Uint8Array): Uint8Array[] {
  if (count > MAX_STRINGS) throw lying(name, `more than ${MAX_STRINGS} strings`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const strings: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < 4) throw lying(name, 'incomplete string length indicator');
    const end = at + 4 + view.getUint32(at, true);
    if (end > bytes.length) throw lying(name, 'incomplete string data');
    strings.push(bytes.subarray(at + 4, end));
    if (strings.length > count) break;
    at = end;
  }
  if (strings.length === count) return strings;
  const found = strings.length > count ? `more than ${count}` : String(strings.length);
  throw lying(name, `expecting ${count} strings, got ${found}`);
}

function lying(name: string, reason: string): Error {
  return invalid(`${reason} for inference input '${name}'`, { tensor: name, reason });
}

/** The bytes of a tensor as they follow the header. */
export function writeBinary(tensor: Tensor): Uint8Array {
  if (ArrayBuffer.isView(tensor.data)) return bytesOf(tensor);
  const total = tensor.data.reduce((sum, text) => sum + 4 + text.length, 0);
  const bytes = Buffer.allocUnsafe(total);
  let at = 0;
  for (const text of tensor.data) {
    at = bytes.writeUInt32LE(text.length, at);
    bytes.set(text, at);
    at += text.length;
  }
  return bytes;
}

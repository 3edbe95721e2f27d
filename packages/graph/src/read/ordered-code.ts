/**
 * The key under which a checkpoint stores one slice of a partitioned variable: zero, the name, the rank, and start and length of
 * each dimension, in a code whose byte order is the order of the values.
 * Source: `tensorflow/core/lib/strings/ordered_code.cc` and `EncodeTensorNameSlice` in `tensorflow/core/util/saved_tensor_slice_util.cc`.
 */
import type { TensorSliceProto } from '../proto/tensorflow.ts';

const WHOLE = -1;

/** `name` and the result are byte strings, one character per byte. */
export function sliceKey(name: string, slice: TensorSliceProto): string {
  const extents = slice.extent.flatMap(({ start, length }) => [start, length ?? WHOLE]);
  return unsigned(0) + text(name) + unsigned(slice.extent.length) + extents.map(signed).join('');
}

/** The number of bytes, then the bytes without leading zeros, highest first. */
function unsigned(value: number): string {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return String.fromCharCode(bytes.length, ...bytes);
}

/** 00 and ff are followed by a byte that tells them from the end mark 00 01. */
function text(value: string): string {
  const escapes: Record<string, string> = { '\x00': '\x00\xff', '\xff': '\xff\x00' };
  return `${Array.from(value, (byte) => escapes[byte] ?? byte).join('')}\x00\x01`;
}

/** Two's complement in as few bytes as hold it, with as many leading one bits (after the sign) as there are bytes. */
function signed(value: number): string {
  const magnitude = BigInt(value < 0 ? ~BigInt(value) : value);
  const bits = magnitude === 0n ? 0 : magnitude.toString(2).length;
  const length = Math.floor(bits / 7) + 1;
  const header = ((1n << BigInt(length)) - 1n) << BigInt(8 * length - length);
  let code = BigInt.asUintN(8 * length, BigInt(value)) ^ header;
  const bytes: number[] = [];
  for (let i = 0; i < length; i++, code >>= 8n) bytes.unshift(Number(code & 0xffn));
  return String.fromCharCode(...bytes);
}

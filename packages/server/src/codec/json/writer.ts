/** Writes JSON into one growing buffer: plain text, strings from bytes, and the elements of tensors. */
import type { Tensor } from '@floe/graph/base';
import { writeFloat32, writeFloat64 } from './float.ts';

const HEX = '0123456789ABCDEF';
/** The letter after the backslash, by control character; 0x75 (`u`) where it has no short form. */
const SHORT: Readonly<Record<number, number>> = { 8: 0x62, 9: 0x74, 10: 0x6e, 12: 0x66, 13: 0x72, 34: 34, 92: 92 };

export class ByteWriter {
  bytes: Buffer;
  length = 0;

  constructor(capacity = 512) {
    this.bytes = Buffer.allocUnsafe(capacity);
  }

  /** Makes room for `more` bytes. */
  reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const wider = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(wider, 0, 0, this.length);
    this.bytes = wider;
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** Writes ASCII that needs no escapes. A loop beats the native call up to some 30 characters. */
  raw(text: string): void {
    this.reserve(text.length);
    const { bytes, length } = this;
    if (text.length > 30) bytes.write(text, length, 'latin1');
    else for (let i = 0; i < text.length; i++) bytes[length + i] = text.charCodeAt(i);
    this.length = length + text.length;
  }

  text(value: string): void {
    this.string(Buffer.from(value, 'utf8'));
  }

  /** Writes bytes as a JSON string, escaping what must be; UTF-8 passes as it is. */
  string(value: Uint8Array): void {
    this.reserve(value.length * 6 + 2);
    const { bytes } = this;
    let at = this.length;
    bytes[at++] = 0x22;
    for (const byte of value) {
      if (byte >= 0x20 && byte !== 0x22 && byte !== 0x5c) bytes[at++] = byte;
      else at = escapeByte(bytes, at, byte);
    }
    bytes[at++] = 0x22;
    this.length = at;
  }

  integer(value: number): void {
    this.reserve(24);
    if (value < 0 || value > 0xffffffff || !Number.isInteger(value)) {
      this.length += this.bytes.write(String(value), this.length, 'latin1');
      return;
    }
    let rest = value;
    let width = 1;
    for (let bound = 10; bound <= value; bound *= 10) width += 1;
    for (let at = this.length + width - 1; at >= this.length; at--) {
      this.bytes[at] = 0x30 + (rest % 10);
      rest = Math.trunc(rest / 10);
    }
    this.length += width;
  }

  /** A float as TensorFlow Serving prints it; NaN and the infinities bare. */
  float32(value: number): void {
    this.reserve(32);
    this.length = writeFloat32(this.bytes, this.length, value);
  }

  float64(value: number): void {
    this.reserve(32);
    this.length = writeFloat64(this.bytes, this.length, value);
  }

  finish(): Buffer {
    return this.bytes.subarray(0, this.length);
  }
}

function escapeByte(bytes: Buffer, start: number, byte: number): number {
  let at = start;
  bytes[at++] = 0x5c;
  const letter = SHORT[byte];
  if (letter !== undefined) {
    bytes[at++] = letter;
    return at;
  }
  return at + bytes.write(`u00${HEX[byte >> 4]}${HEX[byte & 15]}`, at, 'latin1');
}

/** Writes element `index` of a tensor; strings as JSON strings. */
export function elementWriter(tensor: Tensor): (writer: ByteWriter, index: number) => void {
  const { data, dtype } = tensor;
  if (!ArrayBuffer.isView(data)) return (writer, index) => writer.string(data[index] ?? new Uint8Array(0));
  if (data instanceof Float32Array) return (writer, index) => writer.float32(data[index] ?? 0);
  if (data instanceof Float64Array) return (writer, index) => writer.float64(data[index] ?? 0);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    return (writer, index) => writer.raw(String(data[index] ?? 0n));
  }
  if (dtype === 'bool') return (writer, index) => writer.raw(data[index] === 0 ? 'false' : 'true');
  return (writer, index) => writer.integer(data[index] ?? 0);
}

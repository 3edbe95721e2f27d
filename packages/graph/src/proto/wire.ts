/**
 * The protocol buffer wire format: varints, fixed-width numbers and length-delimited bytes.
 * Source: https://protobuf.dev/programming-guides/encoding/. Bytes are views of the input, never copies.
 */
import { corrupt, type FloeError } from '../errors.ts';

export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const FIXED32 = 5;

const utf8 = new TextDecoder('utf-8');
const toUtf8 = new TextEncoder();

/** Reads one message's bytes from front to back; every error names the source and the offset. */
export class WireReader {
  readonly source: string;
  /** Where `bytes` begins in the file that `source` names. */
  private readonly base: number;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly end: number;
  position = 0;

  constructor(bytes: Uint8Array, source: string, base = 0) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.end = bytes.byteLength;
    this.source = source;
    this.base = base;
  }

  get done(): boolean {
    return this.position >= this.end;
  }

  /** Offset in the file of what is read next. */
  get offset(): number {
    return this.base + this.position;
  }

  fail(reason: string): FloeError {
    return corrupt(`${this.source}: ${reason} at byte ${this.offset}`, { file: this.source, offset: this.offset });
  }

  /** An unsigned varint of at most 32 significant bits (tags and lengths). */
  uint32(): number {
    const value = this.varint();
    if (value < 0n || value > 0xffffffffn) throw this.fail(`number ${value} is out of range`);
    return Number(value);
  }

  /** A varint as a signed 64-bit number. */
  varint(): bigint {
    let low = 0;
    let shift = 0;
    // Nearly every varint fits in 28 bits: no bigint arithmetic for those.
    while (shift < 28) {
      const byte = this.byte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt(low);
      shift += 7;
    }
    let value = BigInt(low);
    for (; shift < 70; shift += 7) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << BigInt(shift);
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw this.fail('varint is longer than 10 bytes');
  }

  fixed32(): number {
    const at = this.skipTo(4);
    return this.view.getUint32(at, true);
  }

  fixed64(): bigint {
    const at = this.skipTo(8);
    return this.view.getBigInt64(at, true);
  }

  float(): number {
    const at = this.skipTo(4);
    return this.view.getFloat32(at, true);
  }

  double(): number {
    const at = this.skipTo(8);
    return this.view.getFloat64(at, true);
  }

  /** A length-delimited field as a view of the input. */
  chunk(): Uint8Array {
    const length = this.uint32();
    const at = this.skipTo(length);
    return this.bytes.subarray(at, at + length);
  }

  string(): string {
    return utf8.decode(this.chunk());
  }

  /** A reader over the next length-delimited field. */
  nested(): WireReader {
    const length = this.uint32();
    const offset = this.offset;
    const at = this.skipTo(length);
    return new WireReader(this.bytes.subarray(at, at + length), this.source, offset);
  }

  /** Passes over a field that no table names. */
  skip(wireType: number): void {
    switch (wireType) {
      case VARINT:
        this.varint();
        return;
      case FIXED64:
        this.skipTo(8);
        return;
      case BYTES:
        this.chunk();
        return;
      case FIXED32:
        this.skipTo(4);
        return;
      default:
        throw this.fail(`unknown wire type ${wireType}`);
    }
  }

  private byte(): number {
    const byte = this.bytes[this.position];
    if (byte === undefined) throw this.fail('file ends inside a number');
    this.position++;
    return byte;
  }

  private skipTo(length: number): number {
    const at = this.position;
    if (length > this.end - at) throw this.fail(`a field claims ${length} bytes where ${this.end - at} are left`);
    this.position = at + length;
    return at;
  }
}

/** Collects a message's bytes. Large byte fields are kept by reference until `chunks` or `finish`. */
export class WireWriter {
  private readonly parts: Uint8Array[] = [];
  private block = new Uint8Array(1024);
  private used = 0;
  length = 0;

  tag(field: number, wireType: number): void {
    this.varint(BigInt(field * 8 + wireType));
  }

  varint(value: bigint): void {
    let rest = BigInt.asUintN(64, value);
    this.reserve(10);
    const start = this.used;
    while (rest > 0x7fn) {
      this.block[this.used++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.block[this.used++] = Number(rest);
    this.length += this.used - start;
  }

  fixed32(value: number): void {
    this.reserve(4);
    new DataView(this.block.buffer, this.block.byteOffset).setUint32(this.used, value, true);
    this.advance(4);
  }

  fixed64(value: bigint): void {
    this.reserve(8);
    new DataView(this.block.buffer, this.block.byteOffset).setBigInt64(this.used, value, true);
    this.advance(8);
  }

  float(value: number): void {
    this.reserve(4);
    new DataView(this.block.buffer, this.block.byteOffset).setFloat32(this.used, value, true);
    this.advance(4);
  }

  double(value: number): void {
    this.reserve(8);
    new DataView(this.block.buffer, this.block.byteOffset).setFloat64(this.used, value, true);
    this.advance(8);
  }

  chunk(bytes: Uint8Array): void {
    this.varint(BigInt(bytes.byteLength));
    this.raw(bytes);
  }

  string(text: string): void {
    this.chunk(toUtf8.encode(text));
  }

  nested(inner: WireWriter): void {
    this.varint(BigInt(inner.length));
    for (const part of inner.chunks()) this.raw(part);
  }

  /** The bytes so far, in order, as pieces that may refer to the caller's arrays. */
  chunks(): readonly Uint8Array[] {
    this.flush();
    return this.parts;
  }

  finish(): Uint8Array {
    const out = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.chunks()) {
      out.set(part, at);
      at += part.byteLength;
    }
    return out;
  }

  private raw(bytes: Uint8Array): void {
    if (bytes.byteLength <= 64) {
      this.reserve(bytes.byteLength);
      this.block.set(bytes, this.used);
      this.advance(bytes.byteLength);
      return;
    }
    this.flush();
    this.parts.push(bytes);
    this.length += bytes.byteLength;
  }

  private advance(count: number): void {
    this.used += count;
    this.length += count;
  }

  private reserve(count: number): void {
    if (this.used + count <= this.block.byteLength) return;
    this.flush();
    this.block = new Uint8Array(1024);
  }

  private flush(): void {
    if (this.used === 0) return;
    this.parts.push(this.block.subarray(0, this.used));
    this.block = this.block.subarray(this.used);
    this.block = this.block.byteLength >= 64 ? this.block : new Uint8Array(1024);
    this.used = 0;
  }
}

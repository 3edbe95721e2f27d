/**
 * The protocol buffer wire format: varints, fixed-width numbers and length-delimited bytes.
 * Source: https://protobuf.dev/programming-guides/encoding/. Bytes are views of the input, never copies.
 */
import { corrupt, type FloeError } from '../errors.ts';
import { Repeats } from './repeats.ts';

export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const FIXED32 = 5;

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const HIGH = 2 ** 32;

/** Reads one message's bytes from front to back; every error names the source and the offset. */
export class WireReader {
  readonly source: string;
  /** Where `bytes` begins in the file that `source` names. */
  private readonly base: number;
  private readonly bytes: Uint8Array;
  /** The same bytes; text in ASCII, as nearly all is, is made of them at a fraction of a decoder's cost. */
  private latin1: Buffer | undefined;
  private readonly view: DataView;
  private end: number;
  /** The varint read last, as two unsigned halves of 32 bits. */
  private low = 0;
  private high = 0;
  /** Absent for messages that are bounded: what is sent to a server repeats little, and a table for a large one costs more than it saves. */
  private readonly repeats: Repeats | undefined;
  /** Length-delimited fields that may still come. */
  private allowance: number;
  position = 0;

  /** `most`: length-delimited fields that are read before the bytes are refused. */
  constructor(bytes: Uint8Array, source: string, base = 0, most = Number.POSITIVE_INFINITY) {
    this.allowance = most;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.end = bytes.byteLength;
    this.source = source;
    this.base = base;
    this.repeats = most === Number.POSITIVE_INFINITY ? new Repeats(bytes) : undefined;
  }

  get done(): boolean {
    return this.position >= this.end;
  }

  /** Bytes that are left of the current message. */
  get left(): number {
    return this.end - this.position;
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
    const byte = this.byte();
    if (byte < 0x80) return byte;
    this.halves(byte);
    if (this.high !== 0) throw this.fail(`number ${this.unsigned()} is out of range`);
    return this.low;
  }

  /** The lowest 32 bits of a varint, signed. */
  int32(): number {
    const byte = this.byte();
    if (byte < 0x80) return byte;
    this.halves(byte);
    return this.low | 0;
  }

  /** A signed 64-bit varint that counts something. Throws DATA_LOSS beyond 2^53. */
  safeInteger(): number {
    const byte = this.byte();
    if (byte < 0x80) return byte;
    this.halves(byte);
    const value = (this.high | 0) * HIGH + this.low;
    if (!Number.isSafeInteger(value)) throw this.fail(`number ${this.signed()} is out of range`);
    return value;
  }

  /** A varint as a signed 64-bit number. */
  varint(): bigint {
    const byte = this.byte();
    if (byte < 0x80) return BigInt(byte);
    this.halves(byte);
    return this.high === 0 ? BigInt(this.low) : this.signed();
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
    return this.take(this.lengthOfField());
  }

  /** The bytes of the next varint. */
  varintBytes(): Uint8Array {
    const start = this.position;
    this.varint();
    return this.bytes.subarray(start, this.position);
  }

  /** The next `length` bytes as a view of the input. */
  take(length: number): Uint8Array {
    const at = this.skipTo(length);
    return this.bytes.subarray(at, at + length);
  }

  /** Text in UTF-8. Equal texts are mostly one object: a graph names each of its nodes wherever it uses it. */
  string(): string {
    const length = this.lengthOfField();
    const at = this.skipTo(length);
    if (this.repeats === undefined) return this.text(at, length);
    return this.repeats.get(this.string, at, length, () => this.text(at, length));
  }

  /**
   * What `read` makes of the next length-delimited field; mostly the same object for fields of equal bytes, so nobody may change it.
   * `owner` tells apart who reads what.
   */
  shared<T>(owner: object, read: () => T): T {
    if (this.repeats === undefined) return read();
    const start = this.position;
    const length = this.lengthOfField();
    const at = this.skipTo(length);
    return this.repeats.get(owner, at, length, () => {
      this.position = start;
      return read();
    });
  }

  /** Confines the reader to the next length-delimited field. Give what this returns to `leave` after reading it. */
  enter(): number {
    const length = this.lengthOfField();
    if (length > this.left) throw this.overlong(length);
    const outer = this.end;
    this.end = this.position + length;
    return outer;
  }

  leave(outer: number): void {
    this.position = this.end;
    this.end = outer;
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

  /** Reads on into `low` and `high` from a first byte that has its top bit set. */
  private halves(first: number): void {
    let low = first & 0x7f;
    let high = 0;
    for (let shift = 7; shift < 70; shift += 7) {
      const byte = this.byte();
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= shift < 64 ? bits << (shift - 32) : 0;
      if (byte < 0x80) {
        this.low = low >>> 0;
        this.high = high >>> 0;
        return;
      }
    }
    throw this.fail('varint is longer than 10 bytes');
  }

  private unsigned(): bigint {
    return (BigInt(this.high) << 32n) | BigInt(this.low);
  }

  private signed(): bigint {
    return BigInt.asIntN(64, this.unsigned());
  }

  private text(at: number, length: number): string {
    const { bytes } = this;
    for (let i = at; i < at + length; i++) {
      if ((bytes[i] as number) >= 0x80) return utf8.decode(bytes.subarray(at, at + length));
    }
    this.latin1 ??= Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return this.latin1.toString('latin1', at, at + length);
  }

  private lengthOfField(): number {
    this.allowance -= 1;
    if (this.allowance < 0) throw this.fail('too many fields, each of which takes memory of its own,');
    return this.uint32();
  }

  private byte(): number {
    if (this.position >= this.end) throw this.fail('file ends inside a number');
    return this.bytes[this.position++] as number;
  }

  private skipTo(length: number): number {
    const at = this.position;
    if (length > this.end - at) throw this.overlong(length);
    this.position = at + length;
    return at;
  }

  private overlong(length: number): FloeError {
    return this.fail(
      `it is cut off, or of another format: a field claims ${length} bytes where ${this.left} are left,`,
    );
  }
}

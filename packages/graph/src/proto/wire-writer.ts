/**
 * Writes the protocol buffer wire format into pieces. Large byte fields are kept by reference, so that a graph with gigabytes of
 * constants is encoded without copying them. Source: https://protobuf.dev/programming-guides/encoding/.
 */
import { BYTES } from './wire.ts';

const BLOCK = 1 << 16;

/** Byte fields longer than this are kept by reference. */
const BY_REFERENCE = 4096;

/** Texts up to this length have one byte of length before them, if they are ASCII. */
const SHORT_TEXT = 127;

const utf8 = new TextEncoder();

export class WireWriter {
  private readonly parts: Uint8Array[] = [];
  private block = new Uint8Array(256);
  private view = new DataView(this.block.buffer);
  /** The bytes of `block` before `start` are in `parts` already; those up to `used` are not. */
  private start = 0;
  private used = 0;
  /** Bytes in `parts`. */
  private stored = 0;

  get length(): number {
    return this.stored + this.used - this.start;
  }

  tag(field: number, wireType: number): void {
    this.uint(field * 8 + wireType);
  }

  /** A varint that is not negative and at most 2^53. */
  uint(value: number): void {
    this.reserve(10);
    let rest = value;
    for (; rest > 0x7fffffff; rest = Math.floor(rest / 128)) this.block[this.used++] = (rest % 128) | 0x80;
    for (; rest > 0x7f; rest >>>= 7) this.block[this.used++] = (rest & 0x7f) | 0x80;
    this.block[this.used++] = rest;
  }

  /** A whole number; negative ones take ten bytes. */
  int(value: number): void {
    if (value >= 0) this.uint(value);
    else this.varint(BigInt(value));
  }

  varint(value: bigint): void {
    let rest = BigInt.asUintN(64, value);
    if (rest <= 0x7fffffffn) {
      this.uint(Number(rest));
      return;
    }
    this.reserve(10);
    for (; rest > 0x7fn; rest >>= 7n) this.block[this.used++] = Number(rest & 0x7fn) | 0x80;
    this.block[this.used++] = Number(rest);
  }

  fixed32(value: number): void {
    this.reserve(4);
    this.view.setUint32(this.used, value, true);
    this.used += 4;
  }

  fixed64(value: bigint): void {
    this.reserve(8);
    this.view.setBigInt64(this.used, value, true);
    this.used += 8;
  }

  float(value: number): void {
    this.reserve(4);
    this.view.setFloat32(this.used, value, true);
    this.used += 4;
  }

  double(value: number): void {
    this.reserve(8);
    this.view.setFloat64(this.used, value, true);
    this.used += 8;
  }

  /** A length-delimited field. */
  chunk(bytes: Uint8Array): void {
    this.uint(bytes.byteLength);
    if (bytes.byteLength > BY_REFERENCE) {
      this.flush();
      this.push(bytes);
      return;
    }
    this.reserve(bytes.byteLength);
    this.block.set(bytes, this.used);
    this.used += bytes.byteLength;
  }

  string(text: string): void {
    if (!this.shortAscii(text)) this.chunk(utf8.encode(text));
  }

  /** Names, which nearly all texts are, need no encoder. False where `text` is none. */
  private shortAscii(text: string): boolean {
    const { length } = text;
    if (length > SHORT_TEXT) return false;
    this.reserve(1 + length);
    const { block, used } = this;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x80) return false;
      block[used + 1 + i] = code;
    }
    block[used] = length;
    this.used = used + 1 + length;
    return true;
  }

  /** A length-delimited field of whatever `write` writes. */
  nested(write: () => void): void {
    const part = this.parts.length;
    const { block, used: at, start, length } = this;
    write();
    this.insertLength({ part, block, at, start }, this.length - length);
  }

  /** A list of numbers in one length-delimited field. */
  packed(field: number, write: () => void): void {
    this.tag(field, BYTES);
    this.nested(write);
  }

  /** The bytes so far, in order, as pieces that may refer to the caller's arrays; small neighbours are joined. */
  chunks(): readonly Uint8Array[] {
    this.flush();
    const pieces: Uint8Array[] = [];
    let small: Uint8Array[] = [];
    for (const part of this.parts) {
      if (part.byteLength <= BY_REFERENCE) small.push(part);
      else {
        if (small.length > 0) pieces.push(joined(small));
        pieces.push(part);
        small = [];
      }
    }
    if (small.length > 0) pieces.push(joined(small));
    return pieces;
  }

  finish(): Uint8Array {
    this.flush();
    return joined(this.parts);
  }

  /** A length is known only after what it measures: what was written since is moved, or its first part is cut in two. */
  private insertLength(mark: Mark, length: number): void {
    if (length < 0x80 && this.used < this.block.byteLength && this.isInBlock(mark)) {
      this.block.copyWithin(mark.at + 1, mark.at, this.used);
      this.block[mark.at] = length;
      this.used += 1;
      return;
    }
    const prefix = varintBytes(length);
    if (this.isInBlock(mark)) {
      this.reserveInPlace(prefix.byteLength);
      if (this.block === mark.block) {
        this.block.copyWithin(mark.at + prefix.byteLength, mark.at, this.used);
        this.block.set(prefix, mark.at);
        this.used += prefix.byteLength;
        return;
      }
    }
    const first = mark.block.subarray(mark.start, mark.at);
    const old = this.parts[mark.part];
    const rest = old === undefined ? new Uint8Array(0) : old.subarray(first.byteLength);
    const pieces = [first, prefix, rest].filter((piece) => piece.byteLength > 0);
    this.parts.splice(mark.part, old === undefined ? 0 : 1, ...pieces);
    this.stored += prefix.byteLength;
  }

  /** Whether all that was written since lies in one piece. */
  private isInBlock(mark: Mark): boolean {
    return this.parts.length === mark.part && this.block === mark.block;
  }

  /** Room for `count` more bytes in this block; where there is none, all of it becomes a part. */
  private reserveInPlace(count: number): void {
    if (this.used + count > this.block.byteLength) this.reserve(count);
  }

  private reserve(count: number): void {
    if (this.used + count <= this.block.byteLength) return;
    this.flush();
    // Most messages are small; large ones shall not come in many pieces.
    this.block = new Uint8Array(Math.max(Math.min(BLOCK, 4 * this.block.byteLength), count));
    this.view = new DataView(this.block.buffer);
    this.start = 0;
    this.used = 0;
  }

  private flush(): void {
    if (this.used === this.start) return;
    this.push(this.block.subarray(this.start, this.used));
    this.start = this.used;
  }

  private push(bytes: Uint8Array): void {
    this.parts.push(bytes);
    this.stored += bytes.byteLength;
  }
}

/** Where a nested message began. */
interface Mark {
  /** Number of parts before it. */
  readonly part: number;
  readonly block: Uint8Array;
  readonly at: number;
  /** `start` of that time. */
  readonly start: number;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.byteLength;
  }
  return out;
}

function varintBytes(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

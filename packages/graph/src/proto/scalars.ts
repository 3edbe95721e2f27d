/** The scalar types of protocol buffers: how each is read, written, and what it is when absent. */
import { BYTES, FIXED32, FIXED64, VARINT, type WireReader } from './wire.ts';
import type { WireWriter } from './wire-writer.ts';

export interface Codec<T> {
  readonly wire: number;
  /** Proto3's default; undefined for messages, which are absent rather than empty. */
  readonly zero: T | undefined;
  read(reader: WireReader, depth: number): T;
  write(writer: WireWriter, value: T): void;
}

export function codec<T>(
  wire: number,
  zero: T | undefined,
  read: Codec<T>['read'],
  write: (writer: WireWriter, value: T) => void,
): Codec<T> {
  return { wire, zero, read, write };
}

export const SCALARS = {
  /** int32 and enums. */
  int32: codec<number>(
    VARINT,
    0,
    (r) => r.int32(),
    (w, v) => w.int(v),
  ),
  /** int64, exact. */
  int64: codec<bigint>(
    VARINT,
    0n,
    (r) => r.varint(),
    (w, v) => w.varint(v),
  ),
  uint32: codec<number>(
    VARINT,
    0,
    (r) => r.int32() >>> 0,
    (w, v) => w.uint(v),
  ),
  uint64: codec<bigint>(
    VARINT,
    0n,
    (r) => BigInt.asUintN(64, r.varint()),
    (w, v) => w.varint(v),
  ),
  /** int64 that counts something: a number, refused beyond 2^53. */
  size: codec<number>(
    VARINT,
    0,
    (r) => r.safeInteger(),
    (w, v) => w.int(v),
  ),
  bool: codec<boolean>(
    VARINT,
    false,
    (r) => r.varint() !== 0n,
    (w, v) => w.uint(v ? 1 : 0),
  ),
  float: codec<number>(
    FIXED32,
    0,
    (r) => r.float(),
    (w, v) => w.float(v),
  ),
  double: codec<number>(
    FIXED64,
    0,
    (r) => r.double(),
    (w, v) => w.double(v),
  ),
  fixed32: codec<number>(
    FIXED32,
    0,
    (r) => r.fixed32(),
    (w, v) => w.fixed32(v),
  ),
  fixed64: codec<bigint>(
    FIXED64,
    0n,
    (r) => r.fixed64(),
    (w, v) => w.fixed64(v),
  ),
  string: codec<string>(
    BYTES,
    '',
    (r) => r.string(),
    (w, v) => w.string(v),
  ),
  bytes: codec<Uint8Array>(
    BYTES,
    new Uint8Array(0),
    (r) => r.chunk(),
    (w, v) => w.chunk(v),
  ),
} as const;

export type ScalarKind = keyof typeof SCALARS;
export type ScalarType<K extends ScalarKind> = (typeof SCALARS)[K] extends Codec<infer T> ? T : never;

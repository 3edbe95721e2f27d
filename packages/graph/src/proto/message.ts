/**
 * Messages described by tables of field numbers, decoded to and encoded from plain objects.
 *
 * Common case:
 *   const Dim = message<Dim>('Dim', { size: one(1, 'size'), name: one(2, 'string') });
 *   const dim = Dim.decode(bytes, 'graph.pb');
 *
 * `one` has proto3's zero value when absent, `optional` is undefined when absent (members of a oneof, and messages), `many` is a
 * list, `map` a Map. Unknown fields are passed over.
 */
import { BYTES, FIXED32, FIXED64, VARINT, WireReader, WireWriter } from './wire.ts';

/** A message nested deeper than this is refused: no writer of these formats makes one, and the stack is finite. */
const MAX_DEPTH = 100;

interface Codec<T> {
  readonly wire: number;
  /** Proto3's default; undefined for messages, which are absent rather than empty. */
  readonly zero: T | undefined;
  read(reader: WireReader, depth: number): T;
  write(writer: WireWriter, value: T): void;
}

function codec<T>(
  wire: number,
  zero: T | undefined,
  read: Codec<T>['read'],
  write: (writer: WireWriter, value: T) => void,
): Codec<T> {
  return { wire, zero, read, write };
}

function safeInteger(reader: WireReader): number {
  const value = reader.varint();
  if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER)) {
    throw reader.fail(`number ${value} is out of range`);
  }
  return Number(value);
}

const SCALARS = {
  /** int32 and enums. */
  int32: codec<number>(VARINT, 0, (r) => Number(BigInt.asIntN(32, r.varint())), (w, v) => w.varint(BigInt(v))),
  /** int64, exact. */
  int64: codec<bigint>(VARINT, 0n, (r) => r.varint(), (w, v) => w.varint(v)),
  uint32: codec<number>(VARINT, 0, (r) => Number(BigInt.asUintN(32, r.varint())), (w, v) => w.varint(BigInt(v))),
  uint64: codec<bigint>(VARINT, 0n, (r) => BigInt.asUintN(64, r.varint()), (w, v) => w.varint(v)),
  /** int64 that counts something: a number, refused beyond 2^53. */
  size: codec<number>(VARINT, 0, safeInteger, (w, v) => w.varint(BigInt(v))),
  bool: codec<boolean>(VARINT, false, (r) => r.varint() !== 0n, (w, v) => w.varint(v ? 1n : 0n)),
  float: codec<number>(FIXED32, 0, (r) => r.float(), (w, v) => w.float(v)),
  double: codec<number>(FIXED64, 0, (r) => r.double(), (w, v) => w.double(v)),
  fixed32: codec<number>(FIXED32, 0, (r) => r.fixed32(), (w, v) => w.fixed32(v)),
  fixed64: codec<bigint>(FIXED64, 0n, (r) => r.fixed64(), (w, v) => w.fixed64(v)),
  string: codec<string>(BYTES, '', (r) => r.string(), (w, v) => w.string(v)),
  bytes: codec<Uint8Array>(BYTES, new Uint8Array(0), (r) => r.chunk(), (w, v) => w.chunk(v)),
} as const;

type Scalars = typeof SCALARS;
export type ScalarKind = keyof Scalars;
type ScalarType<K extends ScalarKind> = Scalars[K] extends Codec<infer T> ? T : never;

/** One row of a message's table; `T` is the type of the property. */
export interface Field<T> {
  readonly number: number;
  initial(): T;
  read(reader: WireReader, wireType: number, depth: number, previous: T): T;
  write(writer: WireWriter, value: T): void;
}

type Fields<T> = { readonly [K in keyof T]-?: Field<T[K]> };

export interface Message<T> {
  readonly name: string;
  /** `file` and `base` (where the bytes begin in that file) are for error messages. Throws DATA_LOSS. */
  decode(bytes: Uint8Array, file: string, base?: number): T;
  encode(value: T): Uint8Array;
  /** The encoding as pieces, so that large byte fields need no copy. */
  chunks(value: T): readonly Uint8Array[];
  readonly codec: Codec<T>;
}

type Kind<T> = Codec<T> | Message<T> | (() => Message<T>);

function resolve<T>(kind: ScalarKind | Kind<T>): () => Codec<T> {
  if (typeof kind === 'string') return () => SCALARS[kind] as unknown as Codec<T>;
  if (typeof kind === 'function') return () => kind().codec;
  if ('codec' in kind) return () => kind.codec;
  return () => kind;
}

function checkWire<T>(reader: WireReader, kind: Codec<T>, wireType: number): void {
  if (wireType !== kind.wire) throw reader.fail(`wire type ${wireType} where ${kind.wire} was expected`);
}

export function one<K extends ScalarKind>(number: number, kind: K): Field<ScalarType<K>> {
  const scalar = resolve<ScalarType<K>>(kind)();
  const zero = scalar.zero as ScalarType<K>;
  return {
    number,
    initial: () => zero,
    read: (reader, wireType, depth) => {
      checkWire(reader, scalar, wireType);
      return scalar.read(reader, depth);
    },
    write: (writer, value) => {
      if (isZero(value, zero)) return;
      writer.tag(number, scalar.wire);
      scalar.write(writer, value);
    },
  };
}

function isZero(value: unknown, zero: unknown): boolean {
  if (value instanceof Uint8Array) return value.byteLength === 0;
  return Object.is(value, zero);
}

export function optional<K extends ScalarKind>(number: number, kind: K): Field<ScalarType<K> | undefined>;
export function optional<T>(number: number, kind: Kind<T>): Field<T | undefined>;
export function optional<T>(number: number, kind: ScalarKind | Kind<T>): Field<T | undefined> {
  const get = resolve<T>(kind);
  return {
    number,
    initial: () => undefined,
    read: (reader, wireType, depth) => {
      checkWire(reader, get(), wireType);
      return get().read(reader, depth);
    },
    write: (writer, value) => {
      if (value === undefined) return;
      writer.tag(number, get().wire);
      get().write(writer, value);
    },
  };
}

export function many<K extends ScalarKind>(number: number, kind: K): Field<readonly ScalarType<K>[]>;
export function many<T>(number: number, kind: Kind<T>): Field<readonly T[]>;
export function many<T>(number: number, kind: ScalarKind | Kind<T>): Field<readonly T[]> {
  const get = resolve<T>(kind);
  const empty: readonly T[] = [];
  return {
    number,
    initial: () => empty,
    read: (reader, wireType, depth, previous) => {
      const element = get();
      const list = previous === empty ? [] : (previous as T[]);
      if (wireType === BYTES && element.wire !== BYTES) readPacked(reader.nested(), element, depth, list);
      else {
        checkWire(reader, element, wireType);
        list.push(element.read(reader, depth));
      }
      return list;
    },
    write: (writer, values) => {
      const element = get();
      if (values.length === 0) return;
      if (element.wire === BYTES) {
        for (const value of values) {
          writer.tag(number, BYTES);
          element.write(writer, value);
        }
        return;
      }
      const packed = new WireWriter();
      for (const value of values) element.write(packed, value);
      writer.tag(number, BYTES);
      writer.nested(packed);
    },
  };
}

function readPacked<T>(packed: WireReader, element: Codec<T>, depth: number, into: T[]): void {
  while (!packed.done) into.push(element.read(packed, depth));
}

export function map<T>(number: number, kind: Kind<T>): Field<ReadonlyMap<string, T>>;
export function map<K extends ScalarKind>(number: number, kind: K): Field<ReadonlyMap<string, ScalarType<K>>>;
export function map<T>(number: number, kind: ScalarKind | Kind<T>): Field<ReadonlyMap<string, T>> {
  const entry = message<{ key: string; value: T | undefined }>('map entry', {
    key: one(1, 'string'),
    value: optional(2, kind as Kind<T>),
  });
  const none: ReadonlyMap<string, T> = new Map();
  return {
    number,
    initial: () => none,
    read: (reader, wireType, depth, previous) => {
      checkWire(reader, entry.codec, wireType);
      const table = previous === none ? new Map<string, T>() : (previous as Map<string, T>);
      const { key, value } = entry.codec.read(reader, depth);
      const present = value ?? resolve<T>(kind)().zero;
      if (present === undefined) throw reader.fail(`map entry ${JSON.stringify(key)} has no value`);
      table.set(key, present);
      return table;
    },
    write: (writer, values) => {
      for (const [key, value] of values) {
        writer.tag(number, BYTES);
        entry.codec.write(writer, { key, value });
      }
    },
  };
}

export function message<T extends object>(name: string, fields: Fields<T>): Message<T> {
  const rows = Object.entries(fields) as [keyof T & string, Field<unknown>][];
  const byNumber = new Map(rows.map(([key, field]) => [field.number, { key, field }]));

  function read(reader: WireReader, depth: number): T {
    if (depth > MAX_DEPTH) throw reader.fail(`${name} is nested more than ${MAX_DEPTH} deep`);
    const value: Record<string, unknown> = {};
    for (const [key, field] of rows) value[key] = field.initial();
    while (!reader.done) {
      const tag = reader.uint32();
      const row = byNumber.get(tag >>> 3);
      if (row === undefined) reader.skip(tag & 7);
      else value[row.key] = row.field.read(reader, tag & 7, depth, value[row.key]);
    }
    return value as T;
  }

  function write(writer: WireWriter, value: T): void {
    for (const [key, field] of rows) field.write(writer, value[key]);
  }

  function chunksOf(value: T): WireWriter {
    const writer = new WireWriter();
    write(writer, value);
    return writer;
  }

  return {
    name,
    decode: (bytes, file, base = 0) => read(new WireReader(bytes, file, base), 0),
    encode: (value) => chunksOf(value).finish(),
    chunks: (value) => chunksOf(value).chunks(),
    codec: codec<T>(
      BYTES,
      undefined,
      (reader, depth) => read(reader.nested(), depth + 1),
      (writer, value) => writer.nested(chunksOf(value)),
    ),
  };
}

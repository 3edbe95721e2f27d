/**
 * Messages described by tables of field numbers, decoded to and encoded from plain objects.
 *
 * Common case:
 *   const Dim = message<Dim>('Dim', { size: one(1, 'size'), name: one(2, 'string') });
 *   const dim = Dim.decode(bytes, 'graph.pb');
 *
 * `one` has proto3's zero value when absent, `optional` is undefined when absent (members of a oneof, and messages), `many` is a
 * list, those of `numbers.ts` are typed arrays, `map` a Map. Unknown fields are passed over.
 */
import { FloeError } from '../errors.ts';
import { type Codec, codec, SCALARS, type ScalarKind, type ScalarType } from './scalars.ts';
import { BYTES, WireReader } from './wire.ts';
import { WireWriter } from './wire-writer.ts';

export type { ScalarKind } from './scalars.ts';

/** A message nested deeper than this is refused: no writer of these formats makes one, and the stack is finite. */
const MAX_DEPTH = 100;

/** Lists up to this length are kept exactly as long as they are: an array that grows reserves 16 places, and most lists are a node's inputs. */
const SHORT_LIST = 4;

export type Label = 'one' | 'optional' | 'many' | 'map';

/** One row of a message's table; `T` is the type of the property. */
export interface Field<T> {
  readonly number: number;
  readonly label: Label;
  /** What one element is: a scalar, or a message by name; the values' kind for a map. */
  kindName(): string;
  /** The message, where one element is a message. */
  message(): Message<unknown> | undefined;
  /** Whether all messages may have the same empty array where the field is absent. */
  readonly sharesEmpty?: boolean;
  initial(): T;
  read(reader: WireReader, wireType: number, depth: number, previous: T): T;
  write(writer: WireWriter, value: T): void;
}

type Fields<T> = { readonly [K in keyof T]-?: Field<T[K]> };

export interface Message<T> {
  readonly name: string;
  /** The table, by property name. */
  readonly fields: Readonly<Record<string, Pick<Field<unknown>, 'number' | 'label' | 'kindName' | 'message'>>>;
  /** Fields of which at most one is set, by the name of their group. */
  readonly oneofs: Readonly<Record<string, readonly string[]>>;
  /**
   * `file` and `base` (where the bytes begin in that file) are for error messages; `most` bounds the texts, byte fields and messages in it,
   * since each of them takes far more memory than bytes. Throws DATA_LOSS naming the field.
   */
  decode(bytes: Uint8Array, file: string, base?: number, most?: number): T;
  encode(value: T): Uint8Array;
  /** The encoding as pieces, so that large byte fields need no copy. */
  chunks(value: T): readonly Uint8Array[];
  readonly codec: Codec<T>;
}

/** The field, with one empty array for all messages that lack it: quicker, for messages whose arrays nobody transfers to other threads. */
export function shared<T>(field: Field<T>): Field<T> {
  return { ...field, sharesEmpty: true };
}

type Kind<T> = Message<T> | (() => Message<T>);

function resolve<T>(kind: ScalarKind | Kind<T>): () => Codec<T> {
  if (typeof kind === 'string') return () => SCALARS[kind] as unknown as Codec<T>;
  if (typeof kind === 'function') return () => kind().codec;
  return () => kind.codec;
}

function kindMessage<T>(kind: ScalarKind | Kind<T>): Message<T> | undefined {
  if (typeof kind === 'string') return undefined;
  return typeof kind === 'function' ? kind() : kind;
}

function nameOf<T>(kind: ScalarKind | Kind<T>): string {
  return typeof kind === 'string' ? kind : (kindMessage(kind)?.name ?? '');
}

function checkWire(reader: WireReader, wire: number, wireType: number): void {
  if (wireType !== wire) throw reader.fail(`wire type ${wireType} where ${wire} was expected`);
}

export function one<K extends ScalarKind>(number: number, kind: K): Field<ScalarType<K>> {
  const scalar = resolve<ScalarType<K>>(kind)();
  const zero = scalar.zero as ScalarType<K>;
  return {
    number,
    label: 'one',
    kindName: () => kind,
    message: () => undefined,
    // Each message has its own empty bytes: a shared array could be transferred away.
    initial: zero instanceof Uint8Array ? () => new Uint8Array(0) as ScalarType<K> : () => zero,
    read: (reader, wireType, depth) => {
      checkWire(reader, scalar.wire, wireType);
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
    label: 'optional',
    kindName: () => nameOf(kind),
    message: () => kindMessage(kind),
    initial: () => undefined,
    read: (reader, wireType, depth) => {
      checkWire(reader, get().wire, wireType);
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
    label: 'many',
    kindName: () => nameOf(kind),
    message: () => kindMessage(kind),
    initial: () => empty,
    read: (reader, wireType, depth, previous) => {
      const element = get();
      if (wireType === BYTES && element.wire !== BYTES) {
        const list = previous === empty ? [] : (previous as T[]);
        readPacked(reader, element, depth, list);
        return list;
      }
      checkWire(reader, element.wire, wireType);
      const next = element.read(reader, depth);
      if (previous.length < SHORT_LIST) return [...previous, next];
      (previous as T[]).push(next);
      return previous;
    },
    write: (writer, values) => writeAll(writer, number, get(), values),
  };
}

function readPacked<T>(reader: WireReader, element: Codec<T>, depth: number, into: T[]): void {
  const outer = reader.enter();
  while (!reader.done) into.push(element.read(reader, depth));
  reader.leave(outer);
}

function writeAll<T>(writer: WireWriter, number: number, element: Codec<T>, values: readonly T[]): void {
  if (values.length === 0) return;
  if (element.wire !== BYTES) {
    writer.packed(number, () => {
      for (const value of values) element.write(writer, value);
    });
    return;
  }
  for (const value of values) {
    writer.tag(number, BYTES);
    element.write(writer, value);
  }
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
    label: 'map',
    kindName: () => nameOf(kind),
    message: () => kindMessage(kind),
    initial: () => none,
    read: (reader, wireType, depth, previous) => {
      checkWire(reader, BYTES, wireType);
      const table = previous === none ? new Map<string, T>() : (previous as Map<string, T>);
      const { key, value } = reader.shared(entry, () => entry.codec.read(reader, depth));
      // A message that is absent from its entry is an empty one.
      const present =
        value ?? resolve<T>(kind)().zero ?? (kindMessage(kind)?.decode(new Uint8Array(0), reader.source) as T);
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

interface Row {
  readonly key: string;
  readonly field: Field<unknown>;
  /** Members of the same oneof, which end when this one is set. */
  readonly rivals: readonly string[];
}

/** `oneofs`: names of fields that rule each other out, by group; they are `optional`, and the one that comes last holds. */
export function message<T extends object>(
  name: string,
  fields: Fields<T>,
  oneofs: Readonly<Record<string, readonly (keyof T & string)[]>> = {},
): Message<T> {
  const rows = Object.entries(fields) as [keyof T & string, Field<unknown>][];
  const groups = Object.values(oneofs);
  const byNumber: Row[] = [];
  for (const [key, field] of rows) {
    const rivals = groups.find((group) => group.includes(key))?.filter((member) => member !== key) ?? [];
    byNumber[field.number] = { key, field, rivals };
  }
  // Copying an object is cheaper than building it; only arrays of bytes must not be shared.
  const blank: Readonly<Record<string, unknown>> = Object.fromEntries(
    rows.map(([key, field]) => [key, field.initial()]),
  );
  const unshared = rows.filter(([key, field]) => ArrayBuffer.isView(blank[key]) && field.sharesEmpty !== true);

  function read(reader: WireReader, depth: number): T {
    if (depth > MAX_DEPTH) throw reader.fail(`${name} is nested more than ${MAX_DEPTH} deep`);
    const value: Record<string, unknown> = { ...blank };
    for (const [key, field] of unshared) value[key] = field.initial();
    let row: Row | undefined;
    try {
      while (!reader.done) {
        row = undefined;
        const tag = reader.uint32();
        row = byNumber[tag >>> 3];
        if (row === undefined) reader.skip(tag & 7);
        else {
          value[row.key] = row.field.read(reader, tag & 7, depth, value[row.key]);
          for (const rival of row.rivals) value[rival] = undefined;
        }
      }
    } catch (error) {
      throw row === undefined ? error : inField(error, row.key);
    }
    return value as T;
  }

  function nested(reader: WireReader, depth: number): T {
    const outer = reader.enter();
    const value = read(reader, depth + 1);
    reader.leave(outer);
    return value;
  }

  function write(writer: WireWriter, value: T): void {
    for (const [key, field] of rows) field.write(writer, value[key]);
  }

  function written(value: T): WireWriter {
    const writer = new WireWriter();
    write(writer, value);
    return writer;
  }

  return {
    name,
    fields: fields as Readonly<Record<string, Field<unknown>>>,
    oneofs,
    decode: (bytes, file, base = 0, most = Number.POSITIVE_INFINITY) =>
      read(new WireReader(bytes, file, base, most), 0),
    encode: (value) => written(value).finish(),
    chunks: (value) => written(value).chunks(),
    codec: codec<T>(BYTES, undefined, nested, (writer, value) => writer.nested(() => write(writer, value))),
  };
}

/** The error, with `key` before the path of the field that it is about. */
function inField(error: unknown, key: string): unknown {
  if (!(error instanceof FloeError)) return error;
  const [first = {}, ...others] = error.details;
  const field = first.field === undefined ? key : `${key}.${first.field}`;
  return new FloeError(error.code, error.message, [{ ...first, field }, ...others], error.cause);
}

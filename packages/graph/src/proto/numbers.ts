/**
 * Lists of numbers as typed arrays: packed ones are read in one go, without a copy where the bytes lie aligned, and unpacked ones grow in
 * place. A byte of a message becomes at most eight of memory, whatever it claims.
 */
import type { Field } from './message.ts';
import { BYTES, FIXED32, FIXED64, VARINT, type WireReader } from './wire.ts';
import type { WireWriter } from './wire-writer.ts';

interface NumberArray {
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
  readonly byteLength: number;
  readonly length: number;
}

interface ArrayType<A> {
  new (length: number): A;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): A;
  readonly BYTES_PER_ELEMENT: number;
}

/** Memory with room behind its elements, made here and seen by nobody else. */
const growing = new WeakSet<ArrayBufferLike>();
/** Elements for which room is taken when the second one comes alone. */
const FIRST_ROOM = 16;

/** Packed floats, bit by bit as in the file (also the payload of a NaN). */
export function floats(number: number): Field<Float32Array> {
  return fixedList(number, 'float', FIXED32, Float32Array);
}

export function doubles(number: number): Field<Float64Array> {
  return fixedList(number, 'double', FIXED64, Float64Array);
}

function fixedList<A extends NumberArray>(
  number: number,
  kind: 'float' | 'double',
  wire: number,
  array: ArrayType<A>,
): Field<A> {
  const width = array.BYTES_PER_ELEMENT;
  const read = (reader: WireReader, wireType: number): A => {
    if (wireType !== BYTES && wireType !== wire) throw unexpected(reader, wireType, wire);
    const bytes = wireType === BYTES ? reader.chunk() : reader.take(width);
    if (bytes.byteLength % width !== 0) throw reader.fail(`${bytes.byteLength} bytes are no whole number of ${kind}s`);
    const aligned = bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
    return new array(aligned.buffer, aligned.byteOffset, bytes.byteLength / width);
  };
  const write = (writer: WireWriter, values: A): void =>
    writer.chunk(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return list(number, kind, array, read, write);
}

const INTEGERS = {
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const;
export type IntegerKind = keyof typeof INTEGERS;
type IntegerArray<K extends IntegerKind> = InstanceType<(typeof INTEGERS)[K]>;

/** A list of varints in the typed array of their kind; a bool is 0 or 1. */
export function integers<K extends IntegerKind>(number: number, kind: K): Field<IntegerArray<K>> {
  const array = INTEGERS[kind] as unknown as ArrayType<IntegerArray<K>>;
  const read = (reader: WireReader, wireType: number): IntegerArray<K> => {
    if (wireType !== BYTES && wireType !== VARINT) throw unexpected(reader, wireType, VARINT);
    const bytes = wireType === BYTES ? reader.chunk() : reader.varintBytes();
    const values = new array(countVarints(reader, bytes));
    if (kind === 'int64' || kind === 'uint64') readWide(reader, bytes, new Int32Array(values.buffer));
    else readNarrow(reader, bytes, values as unknown as Int32Array, kind === 'bool');
    return values;
  };
  const write = (writer: WireWriter, values: IntegerArray<K>): void =>
    writer.nested(() => {
      for (const value of values) writer.varint(BigInt(value));
    });
  return list(number, kind, array, read, write);
}

function unexpected(reader: WireReader, wireType: number, wanted: number): Error {
  return reader.fail(`wire type ${wireType} where ${wanted} was expected`);
}

/** Every varint ends in the one byte whose top bit is clear. */
function countVarints(reader: WireReader, bytes: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < bytes.length; i++) count += (bytes[i] as number) < 0x80 ? 1 : 0;
  if (bytes.length > 0 && (bytes[bytes.length - 1] as number) >= 0x80) throw reader.fail('a list ends inside a number');
  return count;
}

/** The lowest 32 bits of each, or whether any bit is set. */
function readNarrow(reader: WireReader, bytes: Uint8Array, into: Int32Array, asBool: boolean): void {
  for (let at = 0, index = 0; index < into.length; index++) {
    let byte = bytes[at++] as number;
    let value = byte & 0x7f;
    let any = value;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (shift >= 70) throw reader.fail('varint is longer than 10 bytes');
      byte = bytes[at++] as number;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      any |= byte & 0x7f;
    }
    into[index] = asBool ? Number(any !== 0) : value;
  }
}

/** `words`: the low and the high half of each in turn. */
function readWide(reader: WireReader, bytes: Uint8Array, words: Int32Array): void {
  for (let at = 0, index = 0; index < words.length; index += 2) {
    let byte = bytes[at++] as number;
    let low = byte & 0x7f;
    let high = 0;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (shift >= 70) throw reader.fail('varint is longer than 10 bytes');
      byte = bytes[at++] as number;
      const bits = byte & 0x7f;
      if (shift < 32) low |= bits << shift;
      if (shift === 28) high = bits >>> 4;
      else if (shift > 28) high |= bits << (shift - 32);
    }
    words[index] = low;
    words[index + 1] = high;
  }
}

function list<A extends NumberArray>(
  number: number,
  kind: string,
  array: ArrayType<A>,
  read: (reader: WireReader, wireType: number) => A,
  write: (writer: WireWriter, values: A) => void,
): Field<A> {
  return {
    number,
    label: 'many',
    kindName: () => kind,
    message: () => undefined,
    initial: () => new array(0),
    read: (reader, wireType, _depth, previous) => joined(array, previous, read(reader, wireType)),
    write: (writer, values) => {
      if (values.length === 0) return;
      writer.tag(number, BYTES);
      write(writer, values);
    },
  };
}

/** `previous` followed by `next`. Room doubles: a list that comes one element at a time is copied a few times only. */
function joined<A extends NumberArray>(array: ArrayType<A>, previous: A, next: A): A {
  if (previous.length === 0) return next;
  const width = array.BYTES_PER_ELEMENT;
  const length = previous.length + next.length;
  const hasRoom = growing.has(previous.buffer) && previous.buffer.byteLength >= length * width;
  const room = hasRoom ? previous.buffer : new ArrayBuffer(Math.max(FIRST_ROOM, 2 * length) * width);
  const bytes = new Uint8Array(room);
  if (!hasRoom) {
    growing.add(room);
    bytes.set(new Uint8Array(previous.buffer, previous.byteOffset, previous.byteLength));
  }
  bytes.set(new Uint8Array(next.buffer, next.byteOffset, next.byteLength), previous.byteLength);
  return new array(room, 0, length);
}

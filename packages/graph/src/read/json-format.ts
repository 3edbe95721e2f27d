/**
 * Protobuf's JSON, read with our field tables: names in camelCase or as in the `.proto`, 64-bit integers as strings or numbers,
 * enums by name or number, bytes in base64 (older writers: a list of numbers).
 * Source: https://protobuf.dev/programming-guides/json/. Fields that the tables do not have are passed over.
 */
import { corrupt, type FloeError } from '../errors.ts';
import type { Message } from '../proto/message.ts';
import { enumNumber } from './enums.ts';
import { blank, integerOf, isInteger, MAX_DEPTH, MessageBuilder, type Row } from './message-builder.ts';

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;
const DECIMAL = /^-?\d{1,20}$/;
const NUMBER = /^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const SPECIAL: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

/** Names of fields by their name in JSON, by message. */
const names = new WeakMap<Message<unknown>, ReadonlyMap<string, string>>();

/** Reads a message from parsed JSON; `where` is the path of `json` in `file`. Throws DATA_LOSS naming the field. */
export function messageFromJson<T>(message: Message<T>, json: unknown, file: string, where: string): T {
  return new JsonReader(file).message(message as Message<unknown>, json, where, 0) as T;
}

class JsonReader {
  private readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  message(message: Message<unknown>, json: unknown, where: string, depth: number): unknown {
    if (depth > MAX_DEPTH) throw this.fail(where, `messages are nested more than ${MAX_DEPTH} deep`);
    const builder = new MessageBuilder(message);
    const fields = fieldNames(message);
    for (const [key, value] of Object.entries(this.object(json, where))) {
      const name = fields.get(key);
      const row = name === undefined ? undefined : builder.row(name);
      if (name === undefined || row === undefined || value === null) continue;
      const at = `${where}.${key}`;
      if (row.label === 'map') this.map(builder, name, row, value, at, depth);
      else if (row.label === 'many') this.many(builder, name, row, value, at, depth);
      else builder.add(name, this.element(row, value, at, depth));
    }
    return builder.finish();
  }

  private many(builder: MessageBuilder, name: string, row: Row, json: unknown, where: string, depth: number): void {
    if (!Array.isArray(json)) throw this.fail(where, 'is no list');
    for (const [i, value] of json.entries()) builder.add(name, this.element(row, value, `${where}[${i}]`, depth));
  }

  private map(builder: MessageBuilder, name: string, row: Row, json: unknown, where: string, depth: number): void {
    for (const [key, value] of Object.entries(this.object(json, where))) {
      const message = row.message();
      const isEmpty = value === null && message !== undefined;
      builder.put(name, key, isEmpty ? blank(message) : this.element(row, value, `${where}.${key}`, depth));
    }
  }

  private element(row: Row, json: unknown, where: string, depth: number): unknown {
    const message = row.message();
    if (message !== undefined) return this.message(message, json, where, depth + 1);
    const kind = row.kindName();
    const value = scalar(kind, json);
    if (value === undefined) throw this.fail(where, `is no ${kind}`);
    return value;
  }

  private object(json: unknown, where: string): object {
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json;
    throw this.fail(where, 'is no object');
  }

  private fail(field: string, reason: string): FloeError {
    return corrupt(`${this.file}: ${field} ${reason}`, { file: this.file, field });
  }
}

function fieldNames(message: Message<unknown>): ReadonlyMap<string, string> {
  const known = names.get(message);
  if (known !== undefined) return known;
  const map = new Map<string, string>();
  for (const name of Object.keys(message.fields)) {
    map.set(name, name);
    map.set(
      name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
      name,
    );
  }
  names.set(message, map);
  return map;
}

/** The value of a scalar field; undefined where `json` is none. */
function scalar(kind: string, json: unknown): unknown {
  if (kind === 'bytes') return bytes(json);
  if (kind === 'string') return typeof json === 'string' ? json : undefined;
  if (kind === 'bool') return typeof json === 'boolean' ? json : undefined;
  if (isInteger(kind)) return integer(kind, json);
  const value = float(json);
  return value === undefined || kind !== 'float' ? value : Math.fround(value);
}

function integer(kind: string, json: unknown): number | bigint | undefined {
  if (Number.isInteger(json)) return integerOf(kind, BigInt(json as number));
  if (typeof json !== 'string') return undefined;
  return DECIMAL.test(json) ? integerOf(kind, BigInt(json)) : kind === 'int32' ? enumNumber(json) : undefined;
}

function float(json: unknown): number | undefined {
  if (typeof json === 'number') return json;
  if (typeof json !== 'string') return undefined;
  return Object.hasOwn(SPECIAL, json) ? SPECIAL[json] : NUMBER.test(json) ? Number(json) : undefined;
}

function bytes(json: unknown): Uint8Array | undefined {
  if (typeof json === 'string') return BASE64.test(json) ? new Uint8Array(Buffer.from(json, 'base64')) : undefined;
  if (!Array.isArray(json) || !json.every(isByte)) return undefined;
  return Uint8Array.from(json);
}

function isByte(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255;
}

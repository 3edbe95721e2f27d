/**
 * Builds a message of our field tables from its parts, for the notations other than the wire format: text and JSON. What comes out
 * is what `decode` would make of the same message.
 */
import type { Message } from '../proto/message.ts';

/** One row of a message's table. */
export type Row = Message<unknown>['fields'][string];

/** Most messages in messages, as for the wire format. */
export const MAX_DEPTH = 100;

const NO_BYTES = new Uint8Array(0);
const INTEGERS: Readonly<Record<string, readonly [low: bigint, high: bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  fixed32: [0n, 2n ** 32n - 1n],
  size: [-(2n ** 53n) + 1n, 2n ** 53n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  fixed64: [0n, 2n ** 64n - 1n],
};
const WIDE = new Set(['int64', 'uint64', 'fixed64']);

/** Whether fields of this kind are whole numbers. */
export function isInteger(kind: string): boolean {
  return Object.hasOwn(INTEGERS, kind);
}

/** The number as a field of this kind holds it; undefined where it is out of range. */
export function integerOf(kind: string, value: bigint): number | bigint | undefined {
  const [low, high] = INTEGERS[kind] ?? [1n, 0n];
  if (value < low || value > high) return undefined;
  return WIDE.has(kind) ? value : Number(value);
}

/** What a message, or a map's value, is where nothing is said of it. */
export function blank(message: Message<unknown>): unknown {
  return message.decode(NO_BYTES, message.name);
}

export class MessageBuilder {
  readonly message: Message<unknown>;
  private readonly parts = new Map<string, unknown[]>();
  private readonly maps = new Map<string, Map<string, unknown>>();

  constructor(message: Message<unknown>) {
    this.message = message;
  }

  /** The row of a field; undefined for an unknown one. */
  row(name: string): Row | undefined {
    return Object.hasOwn(this.message.fields, name) ? this.message.fields[name] : undefined;
  }

  /** Whether the field has a value already. */
  has(name: string): boolean {
    return this.parts.has(name);
  }

  /** Sets a field, or adds one element to a list. */
  add(name: string, value: unknown): void {
    const list = this.parts.get(name);
    if (list === undefined) this.parts.set(name, [value]);
    else list.push(value);
  }

  /** One entry of a map. */
  put(name: string, key: string, value: unknown): void {
    const map = this.maps.get(name) ?? new Map<string, unknown>();
    this.maps.set(name, map.set(key, value));
  }

  finish(): unknown {
    const value = blank(this.message) as Record<string, unknown>;
    for (const [name, list] of this.parts) {
      if (this.row(name)?.label !== 'many') value[name] = list.at(-1);
      else value[name] = asTypeOf(value[name], list);
    }
    for (const [name, map] of this.maps) value[name] = map;
    return value;
  }
}

/** Packed floats are typed arrays, other lists are lists. */
function asTypeOf(initial: unknown, list: readonly unknown[]): unknown {
  if (initial instanceof Float32Array) return Float32Array.from(list as readonly number[]);
  if (initial instanceof Float64Array) return Float64Array.from(list as readonly number[]);
  return list;
}

/**
 * A JSON reader that works on the bytes of a body, so that tensors never exist as JavaScript values.
 *
 * It accepts what TensorFlow Serving's reader accepts: RFC 8259 plus `NaN`, `Inf`, `Infinity` and their negatives. Errors carry the
 * words and the offset that rapidjson gives (`JSON Parse error: Invalid value. at offset: 7`).
 */
import type { FloeError } from '@floe/graph/base';
import { NumberScanner } from './number.ts';
import { syntaxError } from './syntax.ts';

/** Lists and objects inside each other beyond this are refused. */
export const MAX_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Bytes that `\b`, `\n` … stand for, by the letter. */
const ESCAPES: Readonly<Record<number, number>> = {
  34: 34,
  47: 47,
  92: 92,
  98: 8,
  102: 12,
  110: 10,
  114: 13,
  116: 9,
};

export type JsonKind = 'object' | 'array' | 'string' | 'true' | 'false' | 'null' | 'number';

export class JsonScanner extends NumberScanner {
  /** The next byte that matters, without taking it; undefined at the end. */
  peek(): number | undefined {
    const { bytes } = this;
    let byte = bytes[this.pos];
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++this.pos];
    return byte;
  }

  /** Takes `byte` if it comes next. */
  take(byte: number): boolean {
    if (this.peek() !== byte) return false;
    this.pos += 1;
    return true;
  }

  /** What the next value is, by its first byte. Whatever is nothing else has to be a number. */
  kind(): JsonKind {
    switch (this.peek()) {
      case 0x7b:
        return 'object';
      case 0x5b:
        return 'array';
      case QUOTE:
        return 'string';
      case 0x74:
        return 'true';
      case 0x66:
        return 'false';
      case 0x6e:
        return 'null';
      default:
        return 'number';
    }
  }

  /** Takes `true`, `false` or `null`. */
  literal(word: 'true' | 'false' | 'null'): void {
    this.peek();
    for (let i = 0; i < word.length; i++) {
      if (this.bytes[this.pos + i] !== word.charCodeAt(i)) throw syntaxError('Invalid value.', this.pos + i);
    }
    this.pos += word.length;
  }

  boolean(): boolean {
    const value = this.peek() === 0x74;
    this.literal(value ? 'true' : 'false');
    return value;
  }

  string(): string {
    const bytes = this.stringBytes();
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  }

  /** The bytes of a string: a view of the body where nothing is escaped. */
  stringBytes(): Uint8Array {
    this.peek();
    const start = this.pos + 1;
    const escaped = this.skipString();
    const raw = this.bytes.subarray(start, this.pos - 1);
    return escaped ? resolveEscapes(raw, start) : raw;
  }

  /** Passes over a string and says whether anything in it is escaped. */
  private skipString(): boolean {
    const { bytes } = this;
    let at = this.pos + 1;
    let escaped = false;
    for (;;) {
      const byte = bytes[at];
      if (byte === QUOTE) break;
      if (byte === undefined) throw syntaxError('Missing a closing quotation mark in string.', at);
      if (byte < 0x20) throw syntaxError('Invalid encoding in string.', at);
      if (byte === BACKSLASH) {
        escaped = true;
        at += 1;
        if (at >= bytes.length) throw syntaxError('Missing a closing quotation mark in string.', at);
      }
      at += 1;
    }
    this.pos = at + 1;
    return escaped;
  }

  /** Takes the name of a member and its colon. */
  key(): string {
    if (this.peek() !== QUOTE) throw syntaxError('Missing a name for object member.', this.pos);
    const name = this.string();
    if (!this.take(0x3a)) throw syntaxError('Missing a colon after a name of object member.', this.pos);
    return name;
  }

  /** After a member: true where another follows, false at the end of the object. */
  nextMember(): boolean {
    if (this.take(0x2c)) return true;
    if (this.take(0x7d)) return false;
    throw syntaxError('Missing a comma or } after an object member.', this.pos);
  }

  /** After an element: true where another follows, false at the end of the list. */
  nextElement(): boolean {
    if (this.take(0x2c)) return true;
    if (this.take(0x5d)) return false;
    throw syntaxError('Missing a comma or ] after an array element.', this.pos);
  }

  /** Calls `member` with every name of the object that comes next; it has to take the value. */
  object(member: (name: string, offset: number) => void): void {
    this.pos = this.open(0x7b);
    if (this.take(0x7d)) return;
    do {
      const name = this.key();
      this.peek();
      member(name, this.pos);
    } while (this.nextMember());
  }

  /** Calls `element` with the index of every element of the list that comes next; it has to take the value. */
  array(element: (index: number) => void): void {
    this.pos = this.open(0x5b);
    if (this.take(0x5d)) return;
    let index = 0;
    do {
      element(index);
      index += 1;
    } while (this.nextElement());
  }

  private open(byte: number): number {
    if (this.peek() !== byte) throw syntaxError('Invalid value.', this.pos);
    return this.pos + 1;
  }

  /** Passes over one value of any kind and verifies its grammar. */
  skip(depth = 0): void {
    if (depth > MAX_DEPTH) throw syntaxError(`Nesting is deeper than ${MAX_DEPTH} levels.`, this.pos);
    const kind = this.kind();
    if (kind === 'string') this.checkString();
    else if (kind === 'number') this.number(false);
    else if (kind === 'array') this.array(() => this.skip(depth + 1));
    else if (kind === 'object') this.object(() => this.skip(depth + 1));
    else this.literal(kind);
  }

  private checkString(): void {
    const start = this.pos + 1;
    if (this.skipString()) resolveEscapes(this.bytes.subarray(start, this.pos - 1), start);
  }
}

/** Resolves the escapes of a string into UTF-8. `start` is where `raw` stands in the body. */
function resolveEscapes(raw: Uint8Array, start: number): Uint8Array {
  const out = Buffer.allocUnsafe(raw.length);
  let to = 0;
  let at = 0;
  while (at < raw.length) {
    const byte = raw[at] ?? 0;
    if (byte !== BACKSLASH) {
      out[to++] = byte;
      at += 1;
    } else if (raw[at + 1] === 0x75) {
      const point = codePoint(raw, at, start);
      to += out.write(String.fromCodePoint(point), to, 'utf8');
      at += point > 0xffff ? 12 : 6;
    } else {
      const plain = ESCAPES[raw[at + 1] ?? 0];
      if (plain === undefined) throw syntaxError('Invalid escape character in string.', start + at + 1);
      out[to++] = plain;
      at += 2;
    }
  }
  return out.subarray(0, to);
}

/** The code point of `\uXXXX` at `at`, or of the surrogate pair that begins there. */
function codePoint(raw: Uint8Array, at: number, start: number): number {
  const high = hex4(raw, at + 2, start);
  if (high < 0xd800 || high > 0xdfff) return high;
  if (high > 0xdbff || raw[at + 6] !== BACKSLASH || raw[at + 7] !== 0x75) throw surrogate(start + at);
  const low = hex4(raw, at + 8, start);
  if (low < 0xdc00 || low > 0xdfff) throw surrogate(start + at);
  return (((high - 0xd800) << 10) | (low - 0xdc00)) + 0x10000;
}

function surrogate(offset: number): FloeError {
  return syntaxError('The surrogate pair in string is invalid.', offset);
}

function hex4(raw: Uint8Array, at: number, start: number): number {
  let value = 0;
  for (let i = at; i < at + 4; i++) {
    const digit = Number.parseInt(String.fromCharCode(raw[i] ?? 0), 16);
    if (Number.isNaN(digit)) throw syntaxError('Incorrect hex digit after \\u escape in string.', start + i);
    value = value * 16 + digit;
  }
  return value;
}

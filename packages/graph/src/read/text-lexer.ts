/**
 * The words of protobuf's text format: names, numbers, strings and single signs, with spaces and comments passed over.
 * Source: https://protobuf.dev/reference/protobuf/textformat-spec/. Works on bytes, since a graph as text may be larger than a string.
 */
import { corrupt, type FloeError } from '../errors.ts';

const TAB = 0x09;
const LINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const HASH = 0x23;
const APOSTROPHE = 0x27;
const DOT = 0x2e;
const ZERO = 0x30;
const BACKSLASH = 0x5c;

/** Longer than any number that a writer makes: the smallest double has 767 digits. */
const MAX_WORD = 1000;

const SIMPLE_ESCAPES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '?': 63,
  "'": 39,
  '"': 34,
  '\\': 92,
};

export class TextLexer {
  private readonly bytes: Uint8Array;
  private readonly file: string;
  /** Start of the next word. */
  private at = 0;

  constructor(bytes: Uint8Array, file: string) {
    this.bytes = bytes;
    this.file = file;
    // A byte order mark.
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.at = 3;
    this.skipSpace();
  }

  get done(): boolean {
    return this.at >= this.bytes.byteLength;
  }

  /** The sign or first character of the next word; empty at the end. */
  peek(): string {
    const byte = this.bytes[this.at];
    return byte === undefined ? '' : String.fromCharCode(byte);
  }

  fail(reason: string): FloeError {
    const { line, column } = this.place();
    return corrupt(`${this.file}:${line}:${column}: ${reason}`, { file: this.file, offset: this.at });
  }

  /** Takes `sign` if it is next. */
  take(sign: string): boolean {
    if (this.bytes[this.at] !== sign.charCodeAt(0)) return false;
    this.at++;
    this.skipSpace();
    return true;
  }

  expect(sign: string): void {
    if (!this.take(sign)) throw this.fail(`${JSON.stringify(sign)} was expected, not ${this.shown()}`);
  }

  /** A name or number: letters, digits, `_` and `.`, and the sign of an exponent. */
  word(): string {
    const start = this.at;
    let end = start;
    while (isWord(this.bytes[end], end > start ? this.bytes[end - 1] : undefined, this.bytes[start])) end++;
    if (end === start) throw this.fail(`a value was expected, not ${this.shown()}`);
    if (end - start > MAX_WORD) throw this.fail(`a word of ${end - start} characters`);
    this.at = end;
    const word = String.fromCharCode(...this.bytes.subarray(start, end));
    this.skipSpace();
    return word;
  }

  get atString(): boolean {
    return this.bytes[this.at] === QUOTE || this.bytes[this.at] === APOSTROPHE;
  }

  /** One or more strings in quotes, joined. */
  string(): Uint8Array {
    if (!this.atString) throw this.fail(`a string was expected, not ${this.shown()}`);
    const first = this.quoted();
    if (!this.atString) return first;
    const pieces = [first];
    while (this.atString) pieces.push(this.quoted());
    return Buffer.concat(pieces);
  }

  private quoted(): Uint8Array {
    const quote = this.bytes[this.at] as number;
    const end = this.endOfString(quote);
    const body = this.bytes.subarray(this.at + 1, end);
    const value = body.includes(BACKSLASH) ? this.unescaped(end) : body.slice();
    this.at = end + 1;
    this.skipSpace();
    return value;
  }

  private endOfString(quote: number): number {
    let end = this.at + 1;
    for (; this.bytes[end] !== quote; end++) {
      if (end >= this.bytes.byteLength || this.bytes[end] === LINE) throw this.fail('a string without an end');
      if (this.bytes[end] === BACKSLASH) end++;
    }
    return end;
  }

  /** The string that begins at the next byte and ends before `end`. */
  private unescaped(end: number): Uint8Array {
    // No escape is shorter than what it stands for.
    const out = new Uint8Array(end - this.at - 1);
    let length = 0;
    for (let at = this.at + 1; at < end; ) {
      const byte = this.bytes[at] as number;
      if (byte !== BACKSLASH) {
        out[length++] = byte;
        at++;
        continue;
      }
      const digits = this.octalDigits(at + 1, end);
      if (digits > 0) {
        out[length++] = this.octal(at + 1, digits);
        at += 1 + digits;
        continue;
      }
      const { value, size } = this.escape(at + 1, end);
      out.set(value, length);
      length += value.length;
      at += 1 + size;
    }
    return out.slice(0, length);
  }

  /** How many octal digits, three at most, stand at `at`: tensors consist of such escapes. */
  private octalDigits(at: number, end: number): number {
    let count = 0;
    while (count < 3 && at + count < end && ((this.bytes[at + count] as number) & 0xf8) === ZERO) count++;
    return count;
  }

  private octal(at: number, digits: number): number {
    let value = 0;
    for (let i = at; i < at + digits; i++) value = value * 8 + (this.bytes[i] as number) - ZERO;
    return value & 0xff;
  }

  /** What any other escape after a backslash stands for, and how many characters it has. */
  private escape(at: number, end: number): { readonly value: ArrayLike<number>; readonly size: number } {
    const text = String.fromCharCode(...this.bytes.subarray(at, Math.min(at + 9, end)));
    const simple = SIMPLE_ESCAPES[text.charAt(0)];
    if (simple !== undefined) return { value: [simple], size: 1 };
    const hex = /^[xX]([0-9a-fA-F]{1,2})/.exec(text);
    if (hex !== null) return { value: [Number.parseInt(hex[1] as string, 16)], size: hex[0].length };
    const point = /^(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/.exec(text);
    const code = point === null ? Number.NaN : Number.parseInt(point[1] ?? point[2] ?? '', 16);
    if (point === null || code > 0x10ffff) throw this.fail(`a string with the unknown escape \\${text.charAt(0)}`);
    return this.codePoint(code, point[0].length, at, end);
  }

  /** UTF-8 of a character; one beyond 16 bits may be written as two surrogates. */
  private codePoint(code: number, size: number, at: number, end: number) {
    const rest = String.fromCharCode(...this.bytes.subarray(at + size, Math.min(at + size + 6, end)));
    const low = /^\\u([dD][c-fC-F][0-9a-fA-F]{2})/.exec(rest)?.[1];
    const isHigh = code >= 0xd800 && code < 0xdc00;
    if (isHigh && low !== undefined) {
      const whole = 0x10000 + ((code - 0xd800) << 10) + (Number.parseInt(low, 16) - 0xdc00);
      return { value: Buffer.from(String.fromCodePoint(whole)), size: size + 6 };
    }
    return { value: Buffer.from(String.fromCodePoint(code)), size };
  }

  private skipSpace(): void {
    for (;;) {
      const byte = this.bytes[this.at];
      if (byte === SPACE || (byte !== undefined && byte >= TAB && byte <= RETURN)) this.at++;
      else if (byte === HASH) this.skipLine();
      else return;
    }
  }

  private skipLine(): void {
    const end = this.bytes.indexOf(LINE, this.at);
    this.at = end < 0 ? this.bytes.byteLength : end;
  }

  private shown(): string {
    return this.done ? 'the end' : JSON.stringify(this.peek());
  }

  /** Counted only for errors: line and column, from 1. */
  private place(): { line: number; column: number } {
    let line = 1;
    let start = 0;
    for (let at = this.bytes.indexOf(LINE); at >= 0 && at < this.at; at = this.bytes.indexOf(LINE, at + 1)) {
      line++;
      start = at + 1;
    }
    return { line, column: this.at - start + 1 };
  }
}

function isWord(byte: number | undefined, before: number | undefined, first: number | undefined): boolean {
  if (byte === undefined) return false;
  if (isDigit(byte) || byte === DOT || byte === 0x5f) return true;
  if ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a) return true;
  // In a number, `e` may be followed by a sign.
  const isSign = byte === 0x2b || byte === 0x2d;
  return isSign && before !== undefined && (before | 0x20) === 0x65 && (isDigit(first) || first === DOT);
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

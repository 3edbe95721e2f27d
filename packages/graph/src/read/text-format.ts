/**
 * Protobuf's text format, read with our field tables: `node { name: "x" op: "Placeholder" attr { key: "dtype" ... } }`.
 * Source: https://protobuf.dev/reference/protobuf/textformat-spec/. Fields that the tables do not have are passed over.
 */
import type { FloeError } from '../errors.ts';
import type { Message } from '../proto/message.ts';
import { enumNumber } from './enums.ts';
import { refuseForeign } from './foreign.ts';
import { blank, integerOf, isInteger, MAX_DEPTH, MessageBuilder, type Row } from './message-builder.ts';
import { TextLexer } from './text-lexer.ts';

/** How files with text are called. */
export const TEXT = '.pbtxt';

const NAME = /^[A-Za-z_]\w*$/;
const TRUE = new Set(['true', 'True', 't', '1']);
const FALSE = new Set(['false', 'False', 'f', '0']);
const INTEGER = /^(0[0-7]*|0[xX][0-9a-fA-F]+|[1-9]\d*)$/;
const NUMBER = /^(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[fF]?$/;
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Reads one message. Throws DATA_LOSS with `file:line:column`. */
export function parseText<T>(message: Message<T>, bytes: Uint8Array, file: string): T {
  return new TextParser(bytes, file).whole(message as Message<unknown>) as T;
}

/** The message in a file of either notation: text where it is called `.pbtxt`. Throws DATA_LOSS, UNIMPLEMENTED (another format). */
export function decodeFile<T>(message: Message<T>, bytes: Uint8Array, file: string): T {
  if (file.toLowerCase().endsWith(TEXT)) return parseText(message, bytes, file);
  refuseForeign(bytes, file);
  return message.decode(bytes, file);
}

/** The first of `messages` that has one of the text's fields: files do not say which message they hold. */
export function messageOf(
  bytes: Uint8Array,
  file: string,
  messages: readonly Message<unknown>[],
): Message<unknown> | undefined {
  return new TextParser(bytes, file).kind(messages);
}

class TextParser {
  private readonly lexer: TextLexer;

  constructor(bytes: Uint8Array, file: string) {
    this.lexer = new TextLexer(bytes, file);
  }

  whole(message: Message<unknown>): unknown {
    const builder = new MessageBuilder(message);
    while (!this.lexer.done) this.field(builder, 0);
    return builder.finish();
  }

  kind(messages: readonly Message<unknown>[]): Message<unknown> | undefined {
    while (!this.lexer.done) {
      const name = this.fieldName();
      const found = messages.find(({ fields }) => Object.hasOwn(fields, name));
      if (found !== undefined) return found;
      this.skipField(0);
    }
    return undefined;
  }

  private field(builder: MessageBuilder, depth: number): void {
    const name = this.fieldName();
    const row = builder.row(name);
    if (row === undefined) {
      this.skipField(depth);
      return;
    }
    const isMessage = row.message() !== undefined || row.label === 'map';
    if (isMessage) this.lexer.take(':');
    else this.lexer.expect(':');
    const isList = row.label === 'many' || row.label === 'map';
    if (isList && this.lexer.take('[')) this.list(() => this.add(builder, name, row, depth));
    else this.add(builder, name, row, depth);
    this.separator();
  }

  private add(builder: MessageBuilder, name: string, row: Row, depth: number): void {
    if (row.label === 'map') {
      const [key, value] = this.entry(row, depth + 1);
      builder.put(name, key, value);
      return;
    }
    if (row.label !== 'many' && builder.has(name)) throw this.lexer.fail(`${name} is set twice`);
    builder.add(name, this.element(row, depth));
  }

  /** A message, or a value of a scalar kind. */
  private element(row: Row, depth: number): unknown {
    const message = row.message();
    if (message === undefined) return this.scalar(row.kindName());
    const builder = new MessageBuilder(message);
    this.body(depth + 1, () => this.field(builder, depth + 1));
    return builder.finish();
  }

  private entry(row: Row, depth: number): [key: string, value: unknown] {
    let key = '';
    let value: unknown;
    this.body(depth, () => {
      const name = this.fieldName();
      this.lexer.take(':');
      if (name === 'key') key = utf8.decode(this.lexer.string());
      else if (name === 'value') value = this.element(row, depth);
      else this.skipValue(depth);
      this.separator();
    });
    const message = row.message();
    return [key, value ?? (message === undefined ? '' : blank(message))];
  }

  /** What stands between `{` and `}`, or `<` and `>`. */
  private body(depth: number, field: () => void): void {
    if (depth > MAX_DEPTH) throw this.lexer.fail(`messages are nested more than ${MAX_DEPTH} deep`);
    const close = this.lexer.take('<') ? '>' : '}';
    if (close === '}') this.lexer.expect('{');
    while (!this.lexer.take(close)) {
      if (this.lexer.done) throw this.lexer.fail(`${JSON.stringify(close)} is missing`);
      field();
    }
  }

  /** The rest of `[a, b]`. */
  private list(element: () => void): void {
    if (this.lexer.take(']')) return;
    do element();
    while (this.lexer.take(','));
    this.lexer.expect(']');
  }

  private separator(): void {
    if (!this.lexer.take(',')) this.lexer.take(';');
  }

  /** The name of a field, or the number of an unknown one; that of an extension is passed over. */
  private fieldName(): string {
    if (!this.lexer.take('[')) {
      const word = this.lexer.word();
      if (!NAME.test(word) && !INTEGER.test(word)) throw this.lexer.fail(`${word} is no field's name`);
      return word;
    }
    do this.lexer.word();
    while (this.lexer.take('/'));
    this.lexer.expect(']');
    return '';
  }

  private skipField(depth: number): void {
    this.lexer.take(':');
    this.skipValue(depth);
    this.separator();
  }

  private skipValue(depth: number): void {
    const next = this.lexer.peek();
    if (next === '{' || next === '<') {
      this.body(depth + 1, () => {
        this.fieldName();
        this.skipField(depth + 1);
      });
    } else if (this.lexer.take('[')) {
      if (depth > MAX_DEPTH) throw this.lexer.fail(`lists are nested more than ${MAX_DEPTH} deep`);
      this.list(() => this.skipValue(depth + 1));
    } else if (this.lexer.atString) this.lexer.string();
    else {
      this.lexer.take('-');
      this.lexer.word();
    }
  }

  private scalar(kind: string): unknown {
    if (kind === 'bytes') return this.lexer.string();
    if (kind === 'string') return utf8.decode(this.lexer.string());
    const negative = this.lexer.take('-');
    const word = this.lexer.word();
    const value = isInteger(kind) ? integer(kind, word, negative) : other(kind, word, negative);
    if (value === undefined) throw this.noValue(kind, negative, word);
    return value;
  }

  private noValue(kind: string, negative: boolean, word: string): FloeError {
    return this.lexer.fail(`${negative ? '-' : ''}${word} is no ${kind}`);
  }
}

function integer(kind: string, word: string, negative: boolean): number | bigint | undefined {
  if (INTEGER.test(word)) {
    // JavaScript writes octal numbers with an `o`.
    const value = BigInt(/^0[0-7]/.test(word) ? `0o${word.slice(1)}` : word);
    return integerOf(kind, negative ? -value : value);
  }
  return kind === 'int32' && !negative ? enumNumber(word) : undefined;
}

function other(kind: string, word: string, negative: boolean): number | boolean | undefined {
  if (kind === 'bool') {
    if (negative) return undefined;
    return TRUE.has(word) ? true : FALSE.has(word) ? false : undefined;
  }
  const size = magnitude(word);
  if (size === undefined) return undefined;
  const value = negative ? -size : size;
  return kind === 'float' ? Math.fround(value) : value;
}

function magnitude(word: string): number | undefined {
  const lower = word.toLowerCase();
  if (lower === 'inf' || lower === 'infinity') return Number.POSITIVE_INFINITY;
  if (lower === 'nan') return Number.NaN;
  // `010` would be octal as an integer and is refused rather than guessed at.
  if (!NUMBER.test(word) || /^0\d/.test(word)) return undefined;
  return Number(word.replace(/[fF]$/, ''));
}

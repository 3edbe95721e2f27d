/**
 * A JSON value as TensorFlow Serving shows it in errors: rapidjson's pretty form with lists on one line, cut after the token that
 * passes 256 bytes.
 */
import { JsonScanner } from '../json/scanner.ts';

const LIMIT = 256;
const NAMES = {
  object: 'Object',
  array: 'Array',
  string: 'String',
  number: 'Number',
  true: 'True',
  false: 'False',
  null: 'Null',
} as const;

/** rapidjson's name of the type of the value at `offset`. */
export function kindName(body: Uint8Array, offset: number): string {
  return NAMES[new JsonScanner(body, offset).kind()];
}

/** The value at `offset`, which has to be grammatical. */
export function debugString(body: Uint8Array, offset: number): string {
  const scanner = new JsonScanner(body, offset);
  const pieces: string[] = [];
  let length = 0;
  const put = (piece: string): boolean => {
    if (length >= LIMIT) return false;
    const shown = piece.length > 2 * LIMIT ? piece.slice(0, 2 * LIMIT) : piece;
    pieces.push(shown);
    length += shown.length;
    return true;
  };
  show(scanner, 0, put);
  return pieces.join('');
}

/** Shows the value that comes next; false once the limit is passed. */
function show(scanner: JsonScanner, depth: number, put: (piece: string) => boolean): boolean {
  switch (scanner.kind()) {
    case 'object':
      return showObject(scanner, depth, put);
    case 'array':
      return showArray(scanner, depth, put);
    case 'string':
      return put(JSON.stringify(scanner.string()));
    case 'number':
      return put(showNumber(scanner));
    default: {
      const kind = scanner.kind() as 'true' | 'false' | 'null';
      scanner.literal(kind);
      return put(kind);
    }
  }
}

function showObject(scanner: JsonScanner, depth: number, put: (piece: string) => boolean): boolean {
  if (!put('{')) return false;
  scanner.take(0x7b);
  if (scanner.take(0x7d)) return put('}');
  let separator = '\n';
  do {
    const key = `${separator}${'    '.repeat(depth + 1)}${JSON.stringify(scanner.key())}`;
    if (!put(key) || !put(': ') || !show(scanner, depth + 1, put)) return false;
    separator = ',\n';
  } while (scanner.nextMember());
  return put(`\n${'    '.repeat(depth)}}`);
}

function showArray(scanner: JsonScanner, depth: number, put: (piece: string) => boolean): boolean {
  if (!put('[')) return false;
  scanner.take(0x5b);
  if (scanner.take(0x5d)) return put(']');
  let first = true;
  do {
    if ((!first && !put(', ')) || !show(scanner, depth + 1, put)) return false;
    first = false;
  } while (scanner.nextElement());
  return put(']');
}

/** Integers digit by digit; the rest as the shortest decimal, which keeps a fraction. */
function showNumber(scanner: JsonScanner): string {
  scanner.peek();
  const value = scanner.number(false);
  if (scanner.integer && !Object.is(value, -0)) return scanner.text();
  const text = String(value).replace('e+', 'e');
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

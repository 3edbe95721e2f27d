/** TensorFlow Serving's checks of one value against its input: shape by the first path down, then every list and every element. */
import { type DType, FloeError, invalid, type TensorSpec } from '@floe/graph/base';
import { decodeBase64 } from '../json/base64.ts';
import { JsonScanner } from '../json/scanner.ts';
import { debugString, kindName } from './debug-string.ts';

export interface Inputs {
  readonly specs: Readonly<Record<string, TensorSpec>>;
  /** Inputs that take images as bytes. */
  readonly images: ReadonlySet<string>;
  /** Whether `{"url": "..."}` stands for an image. */
  readonly references: boolean;
}

/** What the rows before were like. */
export interface Seen {
  readonly size: number;
  readonly shape: readonly number[];
}

/** TensorFlow's `DataTypeString` where it differs from our name. */
const TYPE_NAMES: Partial<Record<DType, string>> = { float32: 'float', float64: 'double', float16: 'half' };
/** Range that TensorFlow Serving checks, by type; the narrow integers are read as int32. */
const INT32 = [-(2n ** 31n), 2n ** 31n - 1n] as const;
const RANGES: Partial<Record<DType, readonly [bigint, bigint]>> = {
  int8: INT32,
  int16: INT32,
  int32: INT32,
  uint8: INT32,
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

/** `DataTypeString` of TensorFlow. */
export function typeName(dtype: DType): string {
  return TYPE_NAMES[dtype] ?? dtype;
}

/** Checks one element of `instances` and takes it. */
export function walkRow(scanner: JsonScanner, key: string, inputs: Inputs, seen: Map<string, Seen>): void {
  if (!Object.hasOwn(inputs.specs, key)) throw invalid(`JSON object: does not have named input: ${key}`);
  const now = walkTensor(scanner, key, inputs);
  const before = seen.get(key);
  if (before === undefined) seen.set(key, now);
  else if (before.size !== now.size) throw invalid(`Expecting tensor size: ${before.size} but got: ${now.size}`);
  else if (before.shape.join() !== now.shape.join()) {
    throw invalid(`Expecting shape [${before.shape.join(',')}] but got: [${now.shape.join(',')}]`);
  }
}

/** Checks one value and takes it. */
export function walkTensor(scanner: JsonScanner, key: string, inputs: Inputs): Seen {
  const spec = inputs.specs[key];
  scanner.peek();
  const shape = shapeAt(scanner.bytes, scanner.pos);
  const isImage = inputs.images.has(key) && !isNumeric(scanner);
  const element: Element = {
    dtype: isImage ? 'string' : (spec?.dtype ?? 'float32'),
    references: isImage && inputs.references,
  };
  return { size: fill(scanner, 0, shape, element), shape };
}

function isNumeric(scanner: JsonScanner): boolean {
  const { pos } = scanner;
  while (scanner.take(0x5b));
  const numeric = scanner.kind() === 'number';
  scanner.pos = pos;
  return numeric;
}

/** Lengths of the lists on the first path down. */
function shapeAt(body: Uint8Array, offset: number): number[] {
  const shape: number[] = [];
  const scanner = new JsonScanner(body, offset);
  while (scanner.kind() === 'array') {
    const length = listLength(body, scanner.pos);
    shape.push(length);
    if (length === 0) break;
    scanner.take(0x5b);
  }
  return shape;
}

function listLength(body: Uint8Array, offset: number): number {
  const scanner = new JsonScanner(body, offset);
  let length = 0;
  scanner.array(() => {
    scanner.skip();
    length += 1;
  });
  return length;
}

/** What every element of a value has to be. */
interface Element {
  readonly dtype: DType;
  readonly references: boolean;
}

function fill(scanner: JsonScanner, level: number, shape: readonly number[], wanted: Element): number {
  scanner.peek();
  const { bytes, pos } = scanner;
  if (scanner.kind() !== 'array') {
    if (level !== shape.length) {
      throw invalid(
        `JSON Value: ${debugString(bytes, pos)} found at incorrect level: ${level + 1} in the JSON DOM. Expected at level: ${shape.length}`,
      );
    }
    checkElement(scanner, wanted);
    return 1;
  }
  if (level >= shape.length) {
    throw invalid(`Encountered list at unexpected level: ${level} expected < ${shape.length}`);
  }
  const length = listLength(bytes, pos);
  if (length !== shape[level]) {
    throw invalid(`Encountered list at unexpected size: ${length} at level: ${level} expected size: ${shape[level]}`);
  }
  let size = 0;
  scanner.array(() => {
    size += fill(scanner, level + 1, shape, wanted);
  });
  return size;
}

function checkElement(scanner: JsonScanner, { dtype, references }: Element): void {
  const { bytes, pos } = scanner;
  const kind = scanner.kind();
  if (kind === 'object' && dtype === 'string' && !(references && isOnly(scanner, 'url'))) checkBytes(scanner);
  else scanner.skip();
  if (fits(bytes, pos, dtype)) return;
  const shown = debugString(bytes, pos);
  if (kind !== 'object' && (dtype === 'float16' || dtype === 'bfloat16')) {
    throw new FloeError('UNIMPLEMENTED', `Conversion of JSON Value: ${shown} to type: ${typeName(dtype)}`);
  }
  throw invalid(`JSON Value: ${shown} Type: ${kindName(bytes, pos)} is not of expected type: ${typeName(dtype)}`);
}

function checkBytes(scanner: JsonScanner): void {
  const { bytes, pos } = scanner;
  if (!isBase64(scanner)) {
    throw invalid(`JSON Value: ${debugString(bytes, pos)} not formatted correctly for base64 data`);
  }
  scanner.object(() => decodeBase64(scanner.string()));
}

function fits(bytes: Uint8Array, offset: number, dtype: DType): boolean {
  const scanner = new JsonScanner(bytes, offset);
  const kind = scanner.kind();
  if (dtype === 'string') return kind === 'string' || kind === 'object';
  if (dtype === 'bool') return kind === 'true' || kind === 'false';
  if (kind !== 'number') return false;
  if (dtype === 'float32' || dtype === 'float64') return true;
  const range = RANGES[dtype];
  if (range === undefined) return dtype === 'uint16';
  scanner.number(false);
  if (!scanner.integer) return false;
  const value = BigInt(scanner.text());
  return value >= range[0] && value <= range[1];
}

/** Whether the object to come stands for a value: `{"b64": "..."}`, or `{"url": "..."}` where that is a reference. Takes nothing. */
export function isValue(scanner: JsonScanner, references: boolean): boolean {
  return isBase64(scanner) || (references && isOnly(scanner, 'url'));
}

function isBase64(scanner: JsonScanner): boolean {
  return isOnly(scanner, 'b64');
}

/** Whether the value to come is an object whose one member is the string `member`. */
function isOnly(scanner: JsonScanner, member: string): boolean {
  if (scanner.kind() !== 'object') return false;
  const { pos } = scanner;
  let members = 0;
  let found = false;
  scanner.object((name) => {
    members += 1;
    found ||= name === member && scanner.kind() === 'string';
    scanner.skip();
  });
  scanner.pos = pos;
  return found && members === 1;
}

/**
 * Nested lists to a dense tensor: `[[1, 2], [3, 4]]` becomes shape [2, 2] and a typed array, in one pass over the bytes.
 *
 * The first list of a level fixes the length of all lists of that level. A builder takes one whole value (`whole`), or one row at a
 * time (`append`) where rows stand apart in the body. Errors name the place (`instances[3][0]`) and the offset of the value.
 */
import { arrayFor, type DType, FloeError, invalid, type NumericData, type Tensor } from '@floe/graph/base';
import { PlainNumbers } from './plain.ts';
import { BIG_RANGES, RANGES } from './ranges.ts';
import { type JsonScanner, MAX_DEPTH } from './scanner.ts';
import { syntaxError } from './syntax.ts';

const FIRST_CAPACITY = 64;
/** A string takes a hundred times the memory of the two bytes that an empty one has in a body. */
export const MAX_STRINGS = 1 << 20;

export interface DenseOptions {
  /** What errors call the value, such as `instances` or `inputs.x`. */
  readonly path: string;
  /** Elements expected, where the signature tells; memory is only taken for what the body can hold. */
  readonly expected?: number;
  /** Takes an object that stands for a string; absent: none does. */
  readonly object?: (scanner: JsonScanner) => Uint8Array;
}

export class DenseBuilder {
  private readonly scanner: JsonScanner;
  private readonly dtype: DType;
  private readonly options: DenseOptions;
  private readonly range: readonly [number, number] | undefined;
  private readonly bigRange: readonly [bigint, bigint] | undefined;
  /** For types whose values are JavaScript numbers. */
  private readonly plain: PlainNumbers | undefined;
  /** Length of the lists of each level; undefined until the first of them has ended. */
  private readonly dims: (number | undefined)[] = [];
  /** Level of the elements; -1 until the first one. */
  private rank = -1;
  /** Index in the list under way, by level. */
  private readonly index: number[] = [];
  private readonly strings: Uint8Array[] = [];
  private numbers: NumericData = new Uint8Array(0);
  private length = 0;

  constructor(scanner: JsonScanner, dtype: DType, options: DenseOptions) {
    this.scanner = scanner;
    this.dtype = dtype;
    this.options = options;
    this.range = RANGES[dtype];
    this.bigRange = BIG_RANGES[dtype];
    if (dtype === 'string') return;
    if (dtype === 'float16' || dtype === 'bfloat16') {
      throw new FloeError('UNIMPLEMENTED', `${dtype} cannot be given as JSON`, { field: options.path });
    }
    if (this.bigRange === undefined && dtype !== 'bool') this.plain = new PlainNumbers(scanner.bytes, dtype);
    const room = (scanner.bytes.length - scanner.pos) >> 1;
    this.numbers = new (arrayFor(dtype))(Math.min(options.expected ?? FIRST_CAPACITY, room + 1));
  }

  /** Takes the next value as the whole tensor. */
  whole(): Tensor {
    this.value(0);
    return this.tensor(this.dims);
  }

  /** Takes the next value as row `row` of the tensor. */
  append(row: number): void {
    this.index[0] = row;
    this.value(1);
  }

  /** The tensor of `rows` appended rows. */
  rows(rows: number): Tensor {
    return this.tensor([rows, ...this.dims.slice(1)]);
  }

  private tensor(dims: readonly (number | undefined)[]): Tensor {
    const shape = dims.map((dim) => dim ?? 0);
    if (this.dtype === 'string') return { dtype: this.dtype, shape, data: this.strings };
    const { numbers, length } = this;
    const tight = length * 2 < numbers.length ? numbers.slice(0, length) : numbers.subarray(0, length);
    return { dtype: this.dtype, shape, data: tight };
  }

  private value(level: number): void {
    const { scanner } = this;
    if (scanner.take(0x5b)) {
      this.list(level);
      return;
    }
    this.atLevel(level);
    this.element();
  }

  /** Takes the rest of a list whose bracket has been taken. */
  private list(level: number): void {
    if (level >= MAX_DEPTH) throw syntaxError(`Nesting is deeper than ${MAX_DEPTH} levels.`, this.scanner.pos);
    const next = this.scanner.peek();
    let count = 0;
    if (next === 0x5d) {
      this.scanner.pos += 1;
    } else if (next === 0x5b) {
      count = this.lists(level);
    } else {
      this.atLevel(level + 1);
      count = this.elements(level);
    }
    const dim = this.dims[level];
    if (dim === undefined) this.dims[level] = count;
    else if (dim !== count) {
      throw this.error(level, `a list of ${count} where the lists before have ${dim}`);
    }
  }

  private lists(level: number): number {
    const { scanner } = this;
    if (this.rank >= 0 && level + 1 >= this.rank) {
      this.index[level] = 0;
      throw this.error(level + 1, 'a list where values were expected');
    }
    let count = 0;
    do {
      this.index[level] = count;
      if (!scanner.take(0x5b)) throw this.error(level + 1, 'a value where a list was expected');
      this.list(level + 1);
      count += 1;
    } while (scanner.nextElement());
    return count;
  }

  /** Takes elements up to the end of their list. */
  private elements(level: number): number {
    const { scanner } = this;
    const first = this.length;
    for (;;) {
      if (this.plainNumbers()) return this.length - first;
      this.index[level] = this.length - first;
      this.element();
      const byte = scanner.peek();
      scanner.pos += 1;
      if (byte === 0x5d) return this.length - first;
      if (byte !== 0x2c) {
        throw syntaxError('Missing a comma or ] after an array element.', scanner.pos - 1);
      }
    }
  }

  /** Takes plain numbers and leaves the rest to `element`; true where the list ended with them. */
  private plainNumbers(): boolean {
    const { plain, scanner } = this;
    if (plain === undefined) return false;
    plain.take(scanner.pos, this.numbers, this.length);
    this.length = plain.length;
    scanner.pos = plain.at;
    return plain.ended;
  }

  private atLevel(level: number): void {
    if (this.rank === level) return;
    if (this.rank >= 0 || this.dims.length > level) {
      this.index[level - 1] ??= 0;
      throw this.error(level, 'a value where a list was expected');
    }
    this.rank = level;
  }

  private element(): void {
    const { scanner } = this;
    const byte = scanner.peek() ?? 0;
    if ((byte >= 0x30 && byte <= 0x39) || byte === 0x2d || scanner.kind() === 'number') this.numeric(byte);
    else if (this.dtype === 'string') this.text();
    else if (this.dtype === 'bool' && (byte === 0x74 || byte === 0x66)) this.push(scanner.boolean() ? 1 : 0);
    else throw this.mistyped();
  }

  private numeric(byte: number): void {
    const { scanner, dtype } = this;
    if (dtype === 'string' || dtype === 'bool') {
      if (byte !== 0x2d && (byte < 0x30 || byte > 0x39)) scanner.number(false);
      throw this.mistyped();
    }
    if (this.bigRange !== undefined) {
      this.big(this.bigRange);
      return;
    }
    const value = scanner.number(dtype === 'float32');
    const { range } = this;
    if (range !== undefined && (!scanner.integer || value < range[0] || value > range[1]))
      throw this.mistyped(scanner.start);
    this.push(value);
  }

  private big(range: readonly [bigint, bigint]): void {
    const { scanner } = this;
    const value = scanner.number(false);
    if (!scanner.integer) throw this.mistyped(scanner.start);
    const exact = Number.isSafeInteger(value) ? BigInt(value) : BigInt(scanner.text());
    if (exact < range[0] || exact > range[1]) throw this.mistyped(scanner.start);
    if (this.length === this.numbers.length) this.grow();
    (this.numbers as BigInt64Array)[this.length++] = exact;
  }

  private push(value: number): void {
    if (this.length === this.numbers.length) this.grow();
    (this.numbers as Float32Array)[this.length++] = value;
  }

  private grow(): void {
    const wider = new (arrayFor(this.dtype))(Math.max(FIRST_CAPACITY, this.length * 2));
    (wider as Float32Array).set(this.numbers as Float32Array);
    this.numbers = wider;
  }

  private text(): void {
    const { scanner } = this;
    const kind = scanner.kind();
    if (kind === 'string') this.strings.push(scanner.stringBytes());
    else if (kind === 'object' && this.options.object !== undefined) this.strings.push(this.options.object(scanner));
    else throw this.mistyped();
    this.length += 1;
    if (this.length > MAX_STRINGS) throw this.error(this.rank, `more than ${MAX_STRINGS} strings`);
  }

  private mistyped(offset = this.scanner.pos): FloeError {
    this.scanner.pos = offset;
    return this.error(this.rank, `a value that is no ${this.dtype}`);
  }

  private error(levels: number, reason: string): FloeError {
    const place = this.index.slice(0, levels).map((i) => `[${i}]`);
    const field = `${this.options.path}${place.join('')}`;
    return invalid(`${field}: ${reason}`, { field, offset: this.scanner.pos, reason });
  }
}

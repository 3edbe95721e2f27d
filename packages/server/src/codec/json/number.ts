/**
 * Numbers straight from bytes.
 *
 * Up to 2^53 in digits and 10^22 in scale, a decimal is one exact integer times or over one exact power of ten, so a single rounded
 * operation gives the right double (Clinger 1990, "How to Read Floating Point Numbers Accurately"). The rest goes to `Number`, save
 * that for float32 a longer decimal is settled here too where the error of the estimate cannot reach the next float32.
 */
import { syntaxError } from './syntax.ts';

/** The powers of ten that a double holds exactly. */
export const POWERS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
const GREATEST_MANTISSA = 1e19;
/** Above the relative error of a mantissa of 19 digits, summed in doubles and scaled once: at most 7 roundings of 2^-53 each. */
const SLACK = 2 ** -49;

/** Whether the quotient or product of a mantissa and a power of ten is the right double or, with `single`, rounds to the right float32. */
export function isSettled(value: number, mantissa: number, single: boolean): boolean {
  if (mantissa <= Number.MAX_SAFE_INTEGER) return true;
  return (
    single && mantissa < GREATEST_MANTISSA && Math.fround(value - value * SLACK) === Math.fround(value + value * SLACK)
  );
}

export class NumberScanner {
  readonly bytes: Uint8Array;
  pos: number;
  /** Whether the number read last had neither a fraction nor an exponent. */
  integer = false;
  /** Where the number read last begins. */
  start = 0;

  constructor(bytes: Uint8Array, pos = 0) {
    this.bytes = bytes;
    this.pos = pos;
  }

  /** Takes a number. With `single` the result need only be right after rounding to float32. The position is on its first byte. */
  number(single: boolean): number {
    const { bytes } = this;
    const start = this.pos;
    this.start = start;
    let at = start;
    let byte = bytes[at];
    const negative = byte === 0x2d;
    if (negative) byte = bytes[++at];
    const first = at;
    let mantissa = 0;
    if (byte === 0x30) {
      byte = bytes[++at];
    } else {
      while (byte !== undefined && byte >= 0x30 && byte <= 0x39) {
        mantissa = mantissa * 10 + (byte - 0x30);
        byte = bytes[++at];
      }
      if (at === first) return this.special(at, negative);
    }
    let exponent = 0;
    this.integer = true;
    if (byte === 0x2e) {
      this.integer = false;
      byte = bytes[++at];
      const fraction = at;
      while (byte !== undefined && byte >= 0x30 && byte <= 0x39) {
        mantissa = mantissa * 10 + (byte - 0x30);
        byte = bytes[++at];
      }
      if (at === fraction) throw syntaxError('Miss fraction part in number.', at);
      exponent = fraction - at;
    }
    this.pos = at;
    if (byte === 0x65 || byte === 0x45) exponent += this.exponent();
    const magnitude = this.scale(mantissa, exponent, single);
    return negative ? -magnitude : magnitude;
  }

  /** Takes `e+12`. */
  private exponent(): number {
    const { bytes } = this;
    this.integer = false;
    let at = this.pos + 1;
    let byte = bytes[at];
    const negative = byte === 0x2d;
    if (negative || byte === 0x2b) byte = bytes[++at];
    const first = at;
    let value = 0;
    while (byte !== undefined && byte >= 0x30 && byte <= 0x39) {
      if (value < 100_000) value = value * 10 + (byte - 0x30);
      byte = bytes[++at];
    }
    if (at === first) throw syntaxError('Miss exponent in number.', at);
    this.pos = at;
    return negative ? -value : value;
  }

  private scale(mantissa: number, exponent: number, single: boolean): number {
    if (exponent >= -22 && exponent <= 22) {
      const power = POWERS[exponent < 0 ? -exponent : exponent] ?? 1;
      const value = exponent < 0 ? mantissa / power : mantissa * power;
      if (isSettled(value, mantissa, single)) return value;
    }
    const value = Math.abs(Number(this.text()));
    if (value === Number.POSITIVE_INFINITY) throw syntaxError('Number too big to be stored in double.', this.start);
    return value;
  }

  /** The characters of the number read last. */
  text(): string {
    const { bytes } = this;
    return Buffer.from(bytes.buffer, bytes.byteOffset + this.start, this.pos - this.start).toString('latin1');
  }

  /** Takes `NaN`, `Inf` or `Infinity`, which JSON lacks. */
  private special(at: number, negative: boolean): number {
    this.integer = false;
    if (this.word('NaN', at)) return Number.NaN;
    if (this.word('Infinity', at) || this.word('Inf', at)) {
      return negative ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    }
    throw syntaxError('Invalid value.', at);
  }

  private word(word: string, at: number): boolean {
    for (let i = 0; i < word.length; i++) if (this.bytes[at + i] !== word.charCodeAt(i)) return false;
    this.pos = at + word.length;
    return true;
  }
}

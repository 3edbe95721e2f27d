/**
 * Floats in TensorFlow Serving's form (`WriteDecimal` in its `util/json_tensor.cc`): six significant digits where these give the
 * value back, else nine for float32 and seventeen for float64, as `%g` lays them out, with `.0` after whole numbers.
 *
 * The digits of a float32 come from one multiplication: value * 10^k has at most 30 bits before the point, so the double's other 23
 * bits tell which way to round unless the value lies within 1e-6 of a tie. Ties are known by their last bit; the few that are only
 * near one take the exact way, as do the seventeen digits of a float64.
 */

/** As exact as a double can be; those up to 10^22 are. */
const POWERS = Float64Array.from({ length: 55 }, (_, i) => Number(`1e${i}`));
const GREATEST_EXACT = 22;
/** Above the error of nine digits, 10^9 with two roundings of 2^-53 each. */
const TIE_MARGIN = 1e-6;
/** Above the relative error of six digits, scaled: two roundings of 2^-53 each. */
const SLACK = 2 ** -51;
const LOG10_2 = Math.log10(2);

const float32 = new Float32Array(1);
const bits32 = new Int32Array(float32.buffer);

/** Writes `value`, a float32, at `at` (32 bytes must be free) and gives the position after it. */
export function writeFloat32(bytes: Buffer, at: number, value: number): number {
  const size = Math.abs(value);
  if (size > 0 && size < Number.POSITIVE_INFINITY) {
    let to = at;
    if (value < 0) bytes[to++] = 0x2d;
    const end = writeQuickly(bytes, to, size);
    if (end > 0) return end;
  }
  return at + bytes.write(decimal(value, 9, Math.fround), at, 'latin1');
}

export function writeFloat64(bytes: Buffer, at: number, value: number): number {
  const size = Math.abs(value);
  const exponent = Math.floor(Math.log10(size));
  const six = Math.abs(5 - exponent) <= GREATEST_EXACT ? Math.round(scale(size, 5 - exponent)) : 0;
  // Where the logarithm was rounded, too.
  if (six < 1e5 || six >= 1e6) return at + bytes.write(decimal(value, 17, Number), at, 'latin1');
  if (scale(six, exponent - 5) !== size) return at + bytes.write(pointed(general(value, 17)), at, 'latin1');
  let to = at;
  if (value < 0) bytes[to++] = 0x2d;
  return layout(bytes, to, six, exponent, 6);
}

/** Writes a positive float32; 0 where the rounding is too close to call. */
function writeQuickly(bytes: Buffer, at: number, value: number): number {
  float32[0] = value;
  let exponent = Math.floor((((bits32[0] as number) >> 23) - 127) * LOG10_2);
  let scaled = scale(value, 8 - exponent);
  if (scaled >= 1e9) scaled = scale(value, 8 - ++exponent);
  // Values too small for their own exponent.
  while (scaled < 1e8) scaled = scale(value, 8 - --exponent);
  const six = Math.round(scaled / 1000);
  const back = scale(six, exponent - 5);
  const least = Math.fround(back - back * SLACK);
  if (least !== Math.fround(back + back * SLACK)) return 0;
  if (least === value) return carried(bytes, at, six, exponent, 6);
  const nine = Math.floor(scaled);
  const part = scaled - nine;
  if (Math.abs(part - 0.5) >= TIE_MARGIN) return carried(bytes, at, part > 0.5 ? nine + 1 : nine, exponent, 9);
  return isTie(value, 9, exponent) ? carried(bytes, at, nine + (nine & 1), exponent, 9) : 0;
}

function scale(value: number, power: number): number {
  return power < 0 ? value / (POWERS[-power] as number) : value * (POWERS[power] as number);
}

/** Lays out digits that rounding may have made one more. */
function carried(bytes: Buffer, at: number, digits: number, exponent: number, precision: number): number {
  if (digits < (POWERS[precision] as number)) return layout(bytes, at, digits, exponent, precision);
  return layout(bytes, at, digits / 10, exponent + 1, precision);
}

/** Lays out the integer `all`, which has `precision` digits, as `%g` does. */
function layout(bytes: Buffer, at: number, all: number, exponent: number, precision: number): number {
  let digits = all | 0;
  let count = precision;
  for (let tens = (digits / 10) | 0; tens * 10 === digits; tens = (digits / 10) | 0) {
    digits = tens;
    count -= 1;
  }
  if (exponent < -4 || exponent >= precision) {
    const end = pointAfter(bytes, at, 1, digits, count);
    return writeExponent(bytes, count > 1 ? end : end - 2, exponent);
  }
  if (exponent >= 0) return pointAfter(bytes, at, exponent + 1, digits, count);
  const first = at + 1 - exponent;
  for (let zero = at; zero < first; zero++) bytes[zero] = 0x30;
  bytes[at + 1] = 0x2e;
  putDigits(bytes, first, first + count, digits);
  return first + count;
}

/** Writes digits with the point after `whole` of them, and zeros where there are none. */
function pointAfter(bytes: Buffer, at: number, whole: number, digits: number, count: number): number {
  const point = at + whole;
  const fraction = Math.max(1, count - whole);
  let rest = digits;
  if (count > whole) rest = putDigits(bytes, point + 1, point + 1 + fraction, digits);
  else {
    for (let zero = at + count; zero < point; zero++) bytes[zero] = 0x30;
    bytes[point + 1] = 0x30;
  }
  bytes[point] = 0x2e;
  putDigits(bytes, at, at + Math.min(whole, count), rest);
  return point + 1 + fraction;
}

/** Puts the last digits of an integer into the room given, and gives those before them. */
function putDigits(bytes: Buffer, from: number, to: number, digits: number): number {
  let rest = digits;
  for (let at = to - 1; at >= from; at--) {
    const tens = (rest / 10) | 0;
    bytes[at] = 0x30 + rest - tens * 10;
    rest = tens;
  }
  return rest;
}

/** Of two digits. */
function writeExponent(bytes: Buffer, at: number, exponent: number): number {
  const size = Math.abs(exponent);
  bytes[at] = 0x65;
  bytes[at + 1] = exponent < 0 ? 0x2d : 0x2b;
  putDigits(bytes, at + 2, at + 4, size);
  return at + 4;
}

/** The exact way: any double, by the engine's own correctly rounded conversions. */
function decimal(value: number, precision: number, round: (text: number) => number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value < 0 ? '-Infinity' : 'Infinity';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const short = general(value, 6);
  return pointed(round(Number(short)) === value ? short : general(value, precision));
}

function pointed(text: string): string {
  return text.includes('.') || text.includes('e') ? text : `${text}.0`;
}

/** `printf("%.{precision}g")`. */
function general(value: number, precision: number): string {
  const [mantissa = '', power = '0'] = halfEven(Math.abs(value), precision).split('e');
  const exponent = Number(power);
  const sign = value < 0 ? '-' : '';
  const digits = mantissa.replace('.', '').replace(/0+$/, '') || '0';
  if (exponent < -4 || exponent >= precision) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
    const size = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${digits[0]}${fraction}e${exponent < 0 ? '-' : '+'}${size}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = digits.slice(exponent + 1);
  return fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction}`;
}

/** `toExponential`, but ties go to the even digit, as in C; JavaScript takes the greater. */
function halfEven(value: number, precision: number): string {
  const rounded = value.toExponential(precision - 1);
  const last = rounded.charCodeAt(precision) - 0x30;
  if (last % 2 === 0 || !isTie(value, precision, Number(rounded.slice(precision + 2)))) return rounded;
  return `${rounded.slice(0, precision)}${last - 1}${rounded.slice(precision + 1)}`;
}

/**
 * Whether a positive value of this exponent lies half way between two decimals of so many digits. Its decimal expansion ends with a 5 one
 * place behind them then, where its last bit is.
 */
function isTie(value: number, precision: number, exponent: number): boolean {
  return exponent < precision && (value * 2 ** (precision - exponent)) % 2 === 1;
}

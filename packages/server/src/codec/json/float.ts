/**
 * Floats in TensorFlow Serving's form (`WriteDecimal` in its `util/json_tensor.cc`): six significant digits where these give the
 * value back, else nine for float32 and seventeen for float64, as `%g` lays them out, with `.0` after whole numbers.
 *
 * For float32 the digits come from one multiplication: value * 10^k has at most 30 bits before the point, so the double's other 23
 * bits tell which way to round unless the value lies within 1e-6 of a tie; those few, and extreme exponents, take the exact way.
 */

const POWERS = Float64Array.from({ length: 31 }, (_, i) => Number(`1e${i}`));
const LEAST_FAST = 1e-13;
const GREATEST_FAST = 1e29;
const TIE_MARGIN = 1e-6;
const scratch = new Uint8Array(24);

/** Writes `value`, a float32, at `at` (32 bytes must be free) and gives the position after it. */
export function writeFloat32(bytes: Buffer, at: number, value: number): number {
  const size = Math.abs(value);
  if (size >= LEAST_FAST && size < GREATEST_FAST) {
    let to = at;
    if (value < 0) bytes[to++] = 0x2d;
    const end = writeFast(bytes, to, size);
    if (end > 0) return end;
  }
  return at + bytes.write(decimal(value, 9, Math.fround), at, 'latin1');
}

export function writeFloat64(bytes: Buffer, at: number, value: number): number {
  return at + bytes.write(decimal(value, 17, Number), at, 'latin1');
}

/** Writes a positive float32 of middling size; 0 where the rounding is too close to call. */
function writeFast(bytes: Buffer, at: number, value: number): number {
  let exponent = Math.floor(Math.log10(value));
  let scaled = scale(value, 8 - exponent);
  if (scaled >= 1e9) scaled = scale(value, 8 - ++exponent);
  else if (scaled < 1e8) scaled = scale(value, 8 - --exponent);
  const six = Math.round(scaled / 1000);
  if (Math.fround(scale(six, exponent - 5)) === value) {
    return six === 1e6 ? layout(bytes, at, 1e5, exponent + 1, 6) : layout(bytes, at, six, exponent, 6);
  }
  const floor = Math.floor(scaled);
  const part = scaled - floor;
  if (Math.abs(part - 0.5) < TIE_MARGIN) return 0;
  const nine = part > 0.5 ? floor + 1 : floor;
  return nine === 1e9 ? layout(bytes, at, 1e8, exponent + 1, 9) : layout(bytes, at, nine, exponent, 9);
}

function scale(value: number, power: number): number {
  return power < 0 ? value / (POWERS[-power] ?? Number.NaN) : value * (POWERS[power] ?? Number.NaN);
}

/** Lays out `precision` digits (the integer `digits`) as `%g` does. */
function layout(bytes: Buffer, start: number, digits: number, exponent: number, precision: number): number {
  let rest = digits;
  for (let i = precision - 1; i >= 0; i--) {
    const tens = Math.trunc(rest / 10);
    scratch[i] = 0x30 + (rest - tens * 10);
    rest = tens;
  }
  let count = precision;
  while (count > 1 && scratch[count - 1] === 0x30) count -= 1;
  let at = start;
  if (exponent < -4 || exponent >= precision) {
    at = copyDigits(bytes, at, 0, 1);
    if (count > 1) {
      bytes[at++] = 0x2e;
      at = copyDigits(bytes, at, 1, count);
    }
    return writeExponent(bytes, at, exponent);
  }
  if (exponent < 0) {
    bytes[at++] = 0x30;
    bytes[at++] = 0x2e;
    for (let i = -1; i > exponent; i--) bytes[at++] = 0x30;
    return copyDigits(bytes, at, 0, count);
  }
  at = copyDigits(bytes, at, 0, exponent + 1);
  bytes[at++] = 0x2e;
  if (count <= exponent + 1) {
    bytes[at++] = 0x30;
    return at;
  }
  return copyDigits(bytes, at, exponent + 1, count);
}

function copyDigits(bytes: Buffer, start: number, from: number, to: number): number {
  let at = start;
  for (let i = from; i < to; i++) bytes[at++] = scratch[i] ?? 0x30;
  return at;
}

function writeExponent(bytes: Buffer, start: number, exponent: number): number {
  const size = Math.abs(exponent);
  return start + bytes.write(`e${exponent < 0 ? '-' : '+'}${size < 10 ? '0' : ''}${size}`, start, 'latin1');
}

/** The exact way: any finite double, by the engine's own correctly rounded conversions. */
function decimal(value: number, precision: number, round: (text: number) => number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value < 0 ? '-Infinity' : 'Infinity';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const short = general(value, 6);
  const text = round(Number(short)) === value ? short : general(value, precision);
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
  const [exact = ''] = value.toExponential(100).split('e');
  const tail = exact.replace('.', '').slice(precision);
  const last = exact.replace('.', '').charCodeAt(precision - 1) - 0x30;
  if (!/^50*$/.test(tail) || last % 2 === 1) return rounded;
  const [, power = '0'] = value.toExponential(100).split('e');
  return `${exact.slice(0, precision + 1)}e${power}`;
}

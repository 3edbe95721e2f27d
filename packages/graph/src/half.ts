/** The two 16-bit floats as float32 and back, rounded to the nearest, ties to even (IEEE 754 binary16; bfloat16 is the upper half of float32). */

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

export function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** `value` has to be a float32, so that it is rounded once only. */
export function numberToFloat16(value: number): number {
  float[0] = value;
  const bits = word[0] ?? 0;
  const sign = (bits >>> 16) & 0x8000;
  if (Number.isNaN(value)) return sign | 0x7e00;
  const size = Math.abs(value);
  if (size >= 65520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | roundHalfEven(size * 2 ** 24);
  const exponent = Math.floor(((bits >>> 23) & 0xff) - 127);
  return sign | (((exponent + 14) << 10) + roundHalfEven(size * 2 ** (10 - exponent)));
}

export function bfloat16ToNumber(bits: number): number {
  word[0] = bits << 16;
  return float[0] ?? 0;
}

export function numberToBfloat16(value: number): number {
  float[0] = value;
  const bits = word[0] ?? 0;
  if (Number.isNaN(value)) return ((bits >>> 16) & 0x8000) | 0x7fc0;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

/** Rounds to the nearest integer, ties to the even one. */
export function roundHalfEven(value: number): number {
  if (value < 0) return -roundHalfEven(-value);
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

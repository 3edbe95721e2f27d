/** Elementwise ops of one constant, and Cast. Only those whose results are exact or correctly rounded. */

import { DTYPES } from '../../dtype.ts';
import { roundHalfEven } from '../../half.ts';
import { bytesOf, numericView, sizeOf, type Tensor } from '../../tensor.ts';
import { bigsOf, isFloat, isHalf, isWide, numbersOf, scratch, tensorOf } from './elements.ts';
import type { Evaluate } from './evaluate.ts';

interface Unary {
  readonly number?: (x: number) => number;
  readonly big?: (x: bigint) => bigint;
  /** Set where integers are left as they are. */
  readonly floatOnly?: true;
}

const UNARY: Readonly<Record<string, Unary>> = {
  Neg: { number: (x) => -x, big: (x) => -x },
  Abs: { number: Math.abs, big: (x) => (x < 0n ? -x : x) },
  Sign: { number: (x) => (x === 0 ? 0 : Math.sign(x)), big: (x) => (x === 0n ? 0n : x < 0n ? -1n : 1n) },
  Relu: { number: (x) => Math.max(x, 0), big: (x) => (x < 0n ? 0n : x) },
  Sqrt: { number: Math.sqrt, floatOnly: true },
  Rsqrt: { number: (x) => 1 / Math.sqrt(x), floatOnly: true },
  Reciprocal: { number: (x) => 1 / x, floatOnly: true },
  Inv: { number: (x) => 1 / x, floatOnly: true },
  Floor: { number: Math.floor, floatOnly: true },
  Ceil: { number: Math.ceil, floatOnly: true },
  Rint: { number: roundHalfEven, floatOnly: true },
  Round: { number: roundHalfEven, floatOnly: true },
  ZerosLike: { number: () => 0, big: () => 0n },
  OnesLike: { number: () => 1, big: () => 1n },
};

function apply(rule: Unary, x: Tensor): Tensor | undefined {
  if (x.dtype === 'string' || (rule.floatOnly && !isFloat(x.dtype))) return undefined;
  if (isWide(x.dtype)) {
    const { big } = rule;
    return big && { ...x, data: (bigsOf(x) as BigInt64Array).map(big) };
  }
  const { number } = rule;
  return number && tensorOf(x.dtype, x.shape, numbersOf(x).map(number));
}

function square(x: Tensor): Tensor | undefined {
  if (x.dtype === 'string') return undefined;
  if (isWide(x.dtype)) return { ...x, data: (bigsOf(x) as BigInt64Array).map((v) => v * v) };
  const times = isFloat(x.dtype) ? (v: number) => v * v : (v: number) => Math.imul(v, v);
  return tensorOf(x.dtype, x.shape, numbersOf(x).map(times));
}

function logicalNot(x: Tensor): Tensor | undefined {
  if (x.dtype !== 'bool') return undefined;
  return { ...x, data: (x.data as Uint8Array).map((v) => 1 - v) };
}

/** Tells of each float whether `test` holds. */
function classify(test: (x: number) => boolean): (x: Tensor) => Tensor | undefined {
  return (x) =>
    isFloat(x.dtype)
      ? { dtype: 'bool', shape: x.shape, data: Uint8Array.from(numbersOf(x), (v) => Number(test(v))) }
      : undefined;
}

/**
 * Cast as C++ converts: integers wrap around, floats lose their fraction, anything but 0 is true. A float that the integer type
 * cannot hold has no defined result and is left to the run.
 */
export function cast(x: Tensor, dtype: Tensor['dtype']): Tensor | undefined {
  if (dtype === x.dtype) return x;
  if (![x.dtype, dtype].every((type) => type !== 'string' && type !== 'resource' && type !== 'variant'))
    return undefined;
  if (isWide(x.dtype)) return fromWide(x, dtype);
  const numbers = numbersOf(x);
  if (dtype === 'bool') return { dtype, shape: x.shape, data: Uint8Array.from(numbers, (v) => Number(v !== 0)) };
  const toInteger = isFloat(x.dtype) && !isFloat(dtype);
  if (toInteger && !numbers.every((v) => holds(dtype, Math.trunc(v)))) return undefined;
  if (isWide(dtype))
    return wide(
      dtype,
      x,
      Array.from(numbers, (v) => BigInt(Math.trunc(v))),
    );
  return narrow(dtype, x, numbers);
}

function narrow(dtype: Tensor['dtype'], x: Tensor, numbers: ArrayLike<number>): Tensor {
  const data = scratch(dtype, sizeOf(x.shape));
  data.set(numbers);
  return tensorOf(dtype, x.shape, data);
}

function wide(dtype: 'int64' | 'uint64', x: Tensor, values: readonly bigint[]): Tensor {
  return { dtype, shape: x.shape, data: dtype === 'int64' ? BigInt64Array.from(values) : BigUint64Array.from(values) };
}

function fromWide(x: Tensor, dtype: Tensor['dtype']): Tensor {
  const values = Array.from<bigint>(bigsOf(x));
  if (isWide(dtype)) return wide(dtype, x, values);
  if (dtype === 'bool') return { dtype, shape: x.shape, data: Uint8Array.from(values, (v) => Number(v !== 0n)) };
  if (dtype === 'float64') return narrow(dtype, x, values.map(Number));
  if (isFloat(dtype)) return narrow(dtype, x, values.map(oddRounded));
  return narrow(
    dtype,
    x,
    values.map((v) => Number(BigInt.asIntN(32, v))),
  );
}

/** A double that rounds to the same float32 as `value` does: the bits that a double loses are kept as one sticky bit. */
function oddRounded(value: bigint): number {
  const size = value < 0n ? -value : value;
  if (size < 2n ** 53n) return Number(value);
  const kept = size >> 11n;
  const sticky = kept << 11n === size ? kept : kept | 1n;
  return (value < 0n ? -1 : 1) * Number(sticky) * 2048;
}

/** Smallest and first too large value of each integer type. */
const LIMITS: Partial<Record<Tensor['dtype'], readonly [number, number]>> = {
  int8: [-128, 128],
  uint8: [0, 256],
  int16: [-32768, 32768],
  uint16: [0, 65536],
  int32: [-(2 ** 31), 2 ** 31],
  uint32: [0, 2 ** 32],
  int64: [-(2 ** 63), 2 ** 63],
  uint64: [0, 2 ** 64],
};

function holds(dtype: Tensor['dtype'], value: number): boolean {
  const limits = LIMITS[dtype];
  return limits === undefined || (value >= limits[0] && value < limits[1]);
}

type One = (x: Tensor) => Tensor | undefined;

function lift(one: One): Evaluate {
  return (_, [x]) => {
    const result = x && one(x);
    return result && [result];
  };
}

export const unary: Readonly<Record<string, Evaluate>> = {
  ...Object.fromEntries(Object.entries(UNARY).map(([op, rule]) => [op, lift((x) => apply(rule, x))])),
  Square: lift(square),
  LogicalNot: lift(logicalNot),
  IsNan: lift(classify(Number.isNaN)),
  IsFinite: lift(classify(Number.isFinite)),
  IsInf: lift(classify((x) => Math.abs(x) === Number.POSITIVE_INFINITY)),
  Cast: (op, [x]) => {
    const dtype = op.attrs.dtype('DstT');
    if (x === undefined || (isHalf(dtype) && x.dtype === 'float64')) return undefined;
    const result = cast(x, dtype);
    return result && [result];
  },
  Bitcast: (op, [x]) => {
    const dtype = op.attrs.dtype('type');
    if (x === undefined || x.dtype === 'string' || DTYPES[dtype].size !== DTYPES[x.dtype].size) return undefined;
    return [{ dtype, shape: x.shape, data: numericView(dtype, bytesOf(x)) }];
  },
};

/** Reductions of constants that do not depend on an order of additions, and integer ranges. */
import { sizeOf, type Tensor } from '../../tensor.ts';
import { bigsOf, isFloat, isInteger, isWide, larger, numbersOf, scratch, smaller, tensorOf } from './elements.ts';
import type { Evaluate, Known } from './evaluate.ts';
import { positions, stridesOf } from './strides.ts';

interface Reduction {
  readonly number: (x: number, y: number) => number;
  readonly big: (x: bigint, y: bigint) => bigint;
  readonly start: 0 | 1 | undefined;
  readonly takes: (dtype: Tensor['dtype']) => boolean;
}

const orderFree = (dtype: Tensor['dtype']): boolean => isInteger(dtype) || isFloat(dtype);
const isBool = (dtype: Tensor['dtype']): boolean => dtype === 'bool';

const REDUCE: Readonly<Record<string, Reduction>> = {
  Sum: { number: (x, y) => x + y, big: (x, y) => x + y, start: 0, takes: isInteger },
  Prod: { number: Math.imul, big: (x, y) => x * y, start: 1, takes: isInteger },
  Max: { number: Math.max, big: larger, start: undefined, takes: orderFree },
  Min: { number: Math.min, big: smaller, start: undefined, takes: orderFree },
  All: { number: (x, y) => x & y, big: (x) => x, start: 1, takes: isBool },
  Any: { number: (x, y) => x | y, big: (x) => x, start: 0, takes: isBool },
};

/** For each input element, the output element that it goes into. */
function targets(x: Tensor, axes: ReadonlySet<number>): Int32Array {
  const kept = stridesOf(x.shape.map((dim, i) => (axes.has(i) ? 1 : dim)));
  return positions(
    x.shape,
    kept.map((stride, i) => (axes.has(i) ? 0 : stride)),
  );
}

function reduction(rule: Reduction): Evaluate {
  return (op, [x], [type]) => {
    if (x === undefined || type === undefined || !rule.takes(x.dtype)) return undefined;
    const empty = sizeOf(x.shape) === 0 && rule.start === undefined;
    const axes = op.ints(1)?.map((axis) => op.axis(axis, x.shape.length));
    if (empty || axes === undefined) return undefined;
    const to = targets(x, new Set(axes));
    if (!isWide(x.dtype)) return [numbers(rule, x, to, type)];
    return [{ dtype: x.dtype, shape: type.dims, data: bigs(rule, x, to, sizeOf(type.dims)) }];
  };
}

function numbers(rule: Reduction, x: Tensor, to: Int32Array, { dims }: Known): Tensor {
  const out = scratch(x.dtype, sizeOf(dims));
  accumulate(out, numbersOf(x), to, rule.start, rule.number);
  return tensorOf(x.dtype, dims, out);
}

function bigs(rule: Reduction, x: Tensor, to: Int32Array, size: number): BigInt64Array | BigUint64Array {
  const out = x.dtype === 'int64' ? new BigInt64Array(size) : new BigUint64Array(size);
  accumulate(out, bigsOf(x), to, rule.start === undefined ? undefined : BigInt(rule.start), rule.big);
  return out;
}

/** Without a start the first element that arrives is one. */
function accumulate<T extends number | bigint>(
  out: { [index: number]: T; readonly length: number },
  values: { readonly [index: number]: T },
  to: Int32Array,
  start: T | undefined,
  apply: (x: T, y: T) => T,
): void {
  const begun = new Uint8Array(out.length);
  if (start !== undefined) for (let i = 0; i < out.length; i++) out[i] = start;
  to.forEach((target, i) => {
    const first = start === undefined && begun[target] === 0;
    begun[target] = 1;
    out[target] = first ? (values[i] as T) : apply(out[target] as T, values[i] as T);
  });
}

const range: Evaluate = (op, [start], [type]) => {
  const delta = op.input(2).constant?.data as ArrayLike<number | bigint> | undefined;
  const first = start?.data as ArrayLike<number | bigint> | undefined;
  if (start === undefined || type === undefined || !isInteger(start.dtype) || isFloat(start.dtype)) return undefined;
  const count = type.dims[0] ?? 0;
  const at = (i: number): bigint => BigInt(first?.[0] ?? 0) + BigInt(i) * BigInt(delta?.[0] ?? 1);
  if (start.dtype === 'int64')
    return [{ dtype: 'int64', shape: type.dims, data: BigInt64Array.from({ length: count }, (_, i) => at(i)) }];
  if (start.dtype !== 'int32') return undefined;
  return [{ dtype: 'int32', shape: type.dims, data: Int32Array.from({ length: count }, (_, i) => Number(at(i))) }];
};

export const reduce: Readonly<Record<string, Evaluate>> = {
  ...Object.fromEntries(Object.entries(REDUCE).map(([op, rule]) => [op, reduction(rule)])),
  Range: range,
};

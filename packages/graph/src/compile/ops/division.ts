/**
 * Division and remainder. Floats follow TensorFlow's floor_mod; integers must never reach the engine with a divisor of 0 (or the
 * least number with -1), which ends the process there: as in TensorFlow, a divisor of 0 is an error of the run.
 */
import type { DType } from '../../dtype.ts';
import type { Value } from '../../onnx-graph.ts';
import type { Lowering } from '../lowering.ts';
import { cast, choose, run, scalar, unless } from './common.ts';

interface Operands {
  readonly a: Value;
  readonly b: Value;
  /** The dtype they are in: wide enough that only int64 can overflow. */
  readonly dtype: DType;
}

function operands(l: Lowering): Operands {
  const from = l.dtype();
  const dtype = from === 'uint64' ? 'uint64' : 'int64';
  const b = cast(l, l.input(1), from, dtype);
  return { a: cast(l, l.input(0), from, dtype), b: isSafe(l) ? b : guarded(l, b, dtype), dtype };
}

function isSafe(l: Lowering): boolean {
  return l.numbers(1)?.every((value) => value !== 0 && value !== -1) ?? false;
}

function sign(l: Lowering, value: Value, shape: readonly number[] | null): Value {
  return run(l, 'Sign', [value], 'int64', { shape });
}

function equals(l: Lowering, value: Value, number: number, dtype: DType): Value {
  return run(l, 'Equal', [value, scalar(l, dtype, number)], dtype, { result: 'bool', shape: l.shape(1) });
}

/** The divisor, which is not 0, with 1 in place of -1. */
function guarded(l: Lowering, b: Value, dtype: DType): Value {
  const nonzero = unless(l, equals(l, b, 0, dtype), b, dtype);
  return dtype === 'int64'
    ? choose(l, equals(l, b, -1, dtype), scalar(l, dtype, 1), nonzero, dtype, l.shape(1))
    : nonzero;
}

/** The quotient of a division by the guarded divisor; by -1 it is the negative. */
function truncated(l: Lowering, { a, dtype }: Operands, quotient: Value): Value {
  if (isSafe(l) || dtype !== 'int64') return quotient;
  const minus = equals(l, cast(l, l.input(1), l.dtype(), dtype), -1, dtype);
  return choose(l, minus, run(l, 'Neg', [a], dtype, { shape: l.shape(0) }), quotient, dtype);
}

function quotientOf(l: Lowering, { a, b, dtype }: Operands): Value {
  return run(l, 'Div', [a, b], dtype);
}

function isFloat(l: Lowering): boolean {
  return /float/.test(l.dtype());
}

/** The quotient without its fraction. */
export function truncateDiv(l: Lowering): Value {
  if (isFloat(l)) return truncatedFloat(l);
  const pair = operands(l);
  return cast(l, truncated(l, pair, quotientOf(l, pair)), pair.dtype, l.dtype());
}

function truncatedFloat(l: Lowering): Value {
  const dtype = l.dtype();
  const quotient = run(l, 'Div', [l.input(0), l.input(1)], dtype);
  const negative = run(l, 'Less', [quotient, scalar(l, dtype, 0)], dtype, { result: 'bool' });
  return choose(l, negative, run(l, 'Ceil', [quotient], dtype), run(l, 'Floor', [quotient], dtype), dtype);
}

export function floorDiv(l: Lowering): Value {
  if (isFloat(l)) return run(l, 'Floor', [run(l, 'Div', [l.input(0), l.input(1)], l.dtype())], l.dtype());
  const pair = operands(l);
  const quotient = quotientOf(l, pair);
  if (l.dtype().startsWith('uint')) return cast(l, quotient, pair.dtype, l.dtype());
  // One less where the remainder is not 0 and its sign is not that of the divisor.
  const signs = run(
    l,
    'Mul',
    [sign(l, remainderOf(l, pair, quotient), l.outType().shape), sign(l, pair.b, l.shape(1))],
    'int64',
  );
  const below = run(l, 'Less', [signs, scalar(l, 'int64', 0)], 'int64', { result: 'bool' });
  const floor = run(l, 'Sub', [truncated(l, pair, quotient), cast(l, below, 'bool', 'int64')], 'int64');
  return cast(l, floor, 'int64', l.dtype());
}

export function floorMod(l: Lowering): Value {
  if (isFloat(l)) return floatMod(l);
  const { a, b, dtype } = operands(l);
  return cast(l, run(l, 'Mod', [a, b], dtype), dtype, l.dtype());
}

export function truncateMod(l: Lowering): Value {
  if (isFloat(l)) return remainder(l);
  const pair = operands(l);
  return cast(l, remainderOf(l, pair, quotientOf(l, pair)), pair.dtype, l.dtype());
}

/** What the quotient leaves. The engine's own remainder of integers goes through doubles. */
function remainderOf(l: Lowering, { a, b, dtype }: Operands, quotient: Value): Value {
  return run(l, 'Sub', [a, run(l, 'Mul', [quotient, b], dtype)], dtype);
}

function remainder(l: Lowering): Value {
  return run(l, 'Mod', [l.input(0), l.input(1)], l.dtype(), { attrs: { fmod: 1 } });
}

/** The remainder, plus the divisor where it is not 0 and the signs differ. */
function floatMod(l: Lowering): Value {
  const dtype = l.dtype();
  const zero = scalar(l, dtype, 0);
  const rest = remainder(l);
  const bool = { dtype: 'bool', shape: l.outType().shape } as const;
  const negative = (value: Value, { shape }: { readonly shape: readonly number[] | null }): Value =>
    run(l, 'Less', [value, zero], dtype, { result: 'bool', shape });
  const differ = l.emit('Xor', [negative(rest, bool), negative(l.input(1), l.type(1))], {}, bool);
  const nonzero = l.emit('Not', [run(l, 'Equal', [rest, zero], dtype, { result: 'bool' })], {}, bool);
  const shifted = run(l, 'Add', [rest, l.input(1)], dtype);
  return choose(l, l.emit('And', [differ, nonzero], {}, bool), shifted, rest, dtype);
}

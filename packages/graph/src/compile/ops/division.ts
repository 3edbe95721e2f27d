/**
 * Division and remainder. Floats follow TensorFlow's floor_mod; integers must never reach the engine with a divisor of 0 (or the
 * least number with -1), which ends the process there: TensorFlow reports an error for such an element, here it is divided by 1.
 */
import type { DType } from '../../dtype.ts';
import type { Value } from '../../onnx-graph.ts';
import type { Lowering } from '../lowering.ts';
import { cast, choose, run, scalar } from './common.ts';

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

function equals(l: Lowering, value: Value, number: number, dtype: DType): Value {
  return run(l, 'Equal', [value, scalar(l, dtype, number)], dtype, { result: 'bool' });
}

/** The divisor with 1 in place of 0 and -1. */
function guarded(l: Lowering, b: Value, dtype: DType): Value {
  const zero = equals(l, b, 0, dtype);
  const bad =
    dtype === 'int64' ? l.emit('Or', [zero, equals(l, b, -1, dtype)], {}, { dtype: 'bool', shape: null }) : zero;
  return choose(l, bad, scalar(l, dtype, 1), b, dtype);
}

function truncated(l: Lowering, { a, b, dtype }: Operands): Value {
  const quotient = run(l, 'Div', [a, b], dtype);
  if (isSafe(l) || dtype !== 'int64') return quotient;
  const minus = equals(l, cast(l, l.input(1), l.dtype(), dtype), -1, dtype);
  return choose(l, minus, run(l, 'Neg', [a], dtype), quotient, dtype);
}

function isFloat(l: Lowering): boolean {
  return /float/.test(l.dtype());
}

export function truncateDiv(l: Lowering): Value {
  const pair = operands(l);
  return cast(l, truncated(l, pair), pair.dtype, l.dtype());
}

export function floorDiv(l: Lowering): Value {
  if (isFloat(l)) return run(l, 'Floor', [run(l, 'Div', [l.input(0), l.input(1)], l.dtype())], l.dtype());
  const pair = operands(l);
  // a minus its remainder (which has the divisor's sign) divides evenly.
  const rest = run(l, 'Mod', [pair.a, pair.b], pair.dtype);
  const even = run(l, 'Sub', [pair.a, rest], pair.dtype);
  return cast(l, truncated(l, { ...pair, a: even }), pair.dtype, l.dtype());
}

export function floorMod(l: Lowering): Value {
  if (isFloat(l)) return floatMod(l);
  const { a, b, dtype } = operands(l);
  return cast(l, run(l, 'Mod', [a, b], dtype), dtype, l.dtype());
}

export function truncateMod(l: Lowering): Value {
  if (isFloat(l)) return remainder(l);
  const { a, b, dtype } = operands(l);
  return cast(l, run(l, 'Mod', [a, b], dtype, { attrs: { fmod: 1 } }), dtype, l.dtype());
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
  const signs = (value: Value): Value => run(l, 'Less', [value, zero], dtype, { result: 'bool' });
  const differ = l.emit('Xor', [signs(rest), signs(l.input(1))], {}, bool);
  const nonzero = l.emit('Not', [run(l, 'Equal', [rest, zero], dtype, { result: 'bool' })], {}, bool);
  const shifted = run(l, 'Add', [rest, l.input(1)], dtype);
  return choose(l, l.emit('And', [differ, nonzero], {}, bool), shifted, rest, dtype);
}

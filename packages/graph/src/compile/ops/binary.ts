/** Elementwise functions of two or more tensors, with NumPy broadcasting. */
import type { DType } from '../../dtype.ts';
import type { Value } from '../../onnx-graph.ts';
import { each, type Lower, type Lowering } from '../lowering.ts';
import { choose, run, scalar } from './common.ts';
import { floorDiv, floorMod, truncateDiv, truncateMod } from './division.ts';

function same(op: string): Lower {
  return (l) => run(l, op, [l.input(0), l.input(1)], l.dtype());
}

function comparison(op: string): Lower {
  return (l) => run(l, op, [l.input(0), l.input(1)], l.dtype(), { result: 'bool' });
}

function logical(op: string): Lower {
  return (l) => l.emit(op, [l.input(0), l.input(1)], {}, l.outType());
}

function notEqual(l: Lowering): Value {
  return l.emit('Not', [comparison('Equal')(l) as Value], {}, l.outType());
}

/** 0 where the second operand is 0, whatever the first: also for NaN and infinity. */
function unlessZero(op: string): Lower {
  return (l) => {
    const dtype = l.dtype();
    const zero = scalar(l, dtype, 0);
    const isZero = run(l, 'Equal', [l.input(1), zero], dtype, { result: 'bool', shape: l.shape(1) });
    return choose(l, isZero, zero, run(l, op, [l.input(0), l.input(1)], dtype), dtype);
  };
}

function squaredDifference(l: Lowering): Value {
  const difference = run(l, 'Sub', [l.input(0), l.input(1)], l.dtype());
  return run(l, 'Mul', [difference, difference], l.dtype());
}

/** Powers of integers by squaring, since the engine's go through doubles; floats as the engine has them. */
function pow(l: Lowering): Value {
  const dtype = l.dtype();
  const exponents = l.numbers(1);
  const exponent = exponents?.length === 1 ? exponents[0] : undefined;
  if (exponent === 2) return run(l, 'Mul', [l.input(0), l.input(0)], dtype);
  if (/^float/.test(dtype)) return same('Pow')(l) as Value;
  if (exponent === undefined || exponent < 0 || exponent > 64)
    throw l.refuse('an integer power needs a constant exponent from 0 to 64');
  return powerBySquaring(l, exponent, dtype);
}

function powerBySquaring(l: Lowering, exponent: number, dtype: DType): Value {
  let result = run(l, 'Mul', [l.input(0), scalar(l, dtype, 0)], dtype);
  result = run(l, 'Add', [result, scalar(l, dtype, 1)], dtype);
  let square = l.input(0);
  for (let rest = exponent; rest > 0; rest >>= 1) {
    if (rest & 1) result = run(l, 'Mul', [result, square], dtype);
    if (rest > 1) square = run(l, 'Mul', [square, square], dtype);
  }
  return result;
}

function addN(l: Lowering): Value {
  const [first, ...others] = l.inputs();
  return others.reduce((sum, value) => run(l, 'Add', [sum, value], l.dtype()), first ?? l.input(0));
}

/** A constant range becomes Clip, which the engine fuses into a convolution. */
function clipByValue(l: Lowering): Value {
  const dtype = l.dtype();
  const constant = l.constant(1)?.data.length === 1 && l.constant(2)?.data.length === 1;
  if (constant && dtype === 'float32') {
    return run(
      l,
      'Clip',
      [l.input(0), scalar(l, dtype, l.numbers(1)?.[0] ?? 0), scalar(l, dtype, l.numbers(2)?.[0] ?? 0)],
      dtype,
    );
  }
  return run(l, 'Max', [run(l, 'Min', [l.input(0), l.input(2)], dtype), l.input(1)], dtype);
}

function division(l: Lowering): Value {
  return /^float/.test(l.dtype()) ? (same('Div')(l) as Value) : truncateDiv(l);
}

export const BINARY = {
  ...each('Add AddV2', same('Add')),
  Sub: same('Sub'),
  Mul: same('Mul'),
  RealDiv: same('Div'),
  Div: division,
  TruncateDiv: truncateDiv,
  FloorDiv: floorDiv,
  FloorMod: floorMod,
  ...each('Mod TruncateMod', truncateMod),
  DivNoNan: unlessZero('Div'),
  MulNoNan: unlessZero('Mul'),
  Maximum: same('Max'),
  Minimum: same('Min'),
  Pow: pow,
  SquaredDifference: squaredDifference,
  AddN: addN,
  ClipByValue: clipByValue,
  Equal: comparison('Equal'),
  NotEqual: notEqual,
  Less: comparison('Less'),
  LessEqual: comparison('LessOrEqual'),
  Greater: comparison('Greater'),
  GreaterEqual: comparison('GreaterOrEqual'),
  LogicalAnd: logical('And'),
  LogicalOr: logical('Or'),
} satisfies Record<string, Lower>;

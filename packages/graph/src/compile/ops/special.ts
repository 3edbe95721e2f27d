/** Functions of two tensors that need care at 0, infinity and NaN, operations on bits, and the rounding of quantised training. */
import { DTYPES, type DType } from '../../dtype.ts';
import type { Value } from '../../onnx-graph.ts';
import type { Lower, Lowering } from '../lowering.ts';
import { and, Calculator, or } from './calculate.ts';
import { cast, choose, run, scalar } from './common.ts';
import { log1pOf } from './unary.ts';

/** x * f(y), and 0 wherever x is 0, also beside NaN and infinity. */
function unlessZero(f: (l: Lowering, number: Calculator) => Value): Lower {
  return (l) => {
    const dtype = l.dtype();
    const number = new Calculator(l, dtype);
    const zero = number.is('Equal', l.input(0), 0);
    return choose(l, zero, scalar(l, dtype, 0), f(l, number), dtype);
  };
}

/** The angle of (x, y), by the arc tangent of y / x and the half of the plane; the signs of zeros count. */
function atan2(l: Lowering): Value {
  const number = new Calculator(l, l.dtype());
  const negative = (value: Value): Value =>
    or(l, number.is('Less', value, 0), number.is('Less', number.do('Div', 1, value), 0));
  const [y, x] = finiteRatio(l, number);
  const origin = and(l, number.is('Equal', y, 0), number.is('Equal', x, 0));
  const angle = number.do('Atan', number.pick(origin, y, number.do('Div', y, x)));
  const turn = number.pick(negative(x), number.pick(negative(y), -Math.PI, Math.PI), 0);
  return run(l, 'Add', [angle, turn], l.dtype());
}

/** Two infinities are as two numbers of equal size. */
function finiteRatio(l: Lowering, number: Calculator): readonly [Value, Value] {
  const [y, x] = [l.input(0), l.input(1)];
  const infinite = (value: Value): Value => number.is('Equal', number.do('Abs', value), Number.POSITIVE_INFINITY);
  const both = and(l, infinite(y), infinite(x));
  const limited = (value: Value): Value => number.pick(both, number.do('Sign', value), value);
  return [limited(y), limited(x)];
}

/** First operator set with operations on bits. */
const BITWISE_SINCE = 18;

function bitwise(op: string): Lower {
  return (l) => {
    if (l.opset < BITWISE_SINCE) throw l.refuse(`${op} needs operator set ${BITWISE_SINCE}`);
    return l.emit(op, l.inputs(), {}, l.outType());
  };
}

/** By at least 0 and at most all but one bits. Signed numbers keep their sign: of a negative one the complement is moved. */
function shift(direction: 'LEFT' | 'RIGHT'): Lower {
  return (l) => {
    if (l.opset < BITWISE_SINCE) throw l.refuse(`shifts need operator set ${BITWISE_SINCE}`);
    const dtype = l.dtype();
    if (dtype === 'uint64') throw l.refuse('shifts of uint64');
    const whole = new Calculator(l, 'int64');
    const value = whole.from(l.input(0), dtype);
    const by = whole.do('Min', whole.do('Max', whole.from(l.input(1), dtype), 0), 8 * DTYPES[dtype].size - 1);
    const flip = (number: Value): Value => l.emit('BitwiseNot', [number], {}, { dtype: 'int64', shape: null });
    const moved = (number: Value): Value => shifted(l, number, by, direction);
    if (direction === 'LEFT' || dtype.startsWith('uint')) return cast(l, moved(value), 'int64', dtype);
    const below = whole.is('Less', value, 0);
    const natural = moved(whole.pick(below, flip(value), value));
    return cast(l, whole.pick(below, flip(natural), natural), 'int64', dtype);
  };
}

function shifted(l: Lowering, value: Value, by: Value, direction: string): Value {
  const bits = [value, by].map((input) => cast(l, input, 'int64', 'uint64'));
  return cast(l, l.emit('BitShift', bits, { direction }, { dtype: 'uint64', shape: null }), 'uint64', 'int64');
}

/**
 * Rounds to one of 2^bits steps between a least and a greatest number, both moved so that 0 is a step.
 * Source: `Nudge` and the functors in `tensorflow/core/kernels/fake_quant_ops_functor.h`.
 */
function fakeQuant(l: Lowering, least: Value, greatest: Value): Value {
  const number = new Calculator(l, 'float32');
  const low = l.attrs.bool('narrow_range', false) ? 1 : 0;
  const high = 2 ** l.attrs.int('num_bits', 8) - 1;
  const step = number.do('Div', number.do('Sub', greatest, least), high - low);
  const zero = number.do('Sub', low, number.do('Div', least, step));
  const rounded = number.do('Floor', number.do('Add', zero, 0.5));
  const nudged = number.do('Max', number.do('Min', rounded, high), low);
  const from = number.do('Mul', number.do('Sub', low, nudged), step);
  const to = number.do('Mul', number.do('Sub', high, nudged), step);
  const inside = number.do('Max', number.do('Min', l.input(0), to), from);
  const steps = number.do('Mul', number.do('Sub', inside, from), number.do('Div', 1, step));
  const result = number.do('Add', number.do('Mul', number.do('Floor', number.do('Add', steps, 0.5)), step), from);
  const nothing = and(l, number.is('Equal', least, 0), number.is('Equal', greatest, 0));
  return choose(l, nothing, scalar(l, 'float32', 0), result, 'float32');
}

function approximatelyEqual(l: Lowering): Value {
  const dtype: DType = l.dtype();
  const difference = new Calculator(l, dtype).do('Abs', new Calculator(l, dtype).do('Sub', l.input(0), l.input(1)));
  return new Calculator(l, dtype).is('Less', difference, l.attrs.float('tolerance', 1e-5));
}

export const SPECIAL = {
  Atan2: atan2,
  Xlogy: unlessZero((l, number) => number.do('Mul', l.input(0), number.do('Log', l.input(1)))),
  Xdivy: unlessZero((l, number) => number.do('Div', l.input(0), l.input(1))),
  Xlog1py: unlessZero((l, number) => number.do('Mul', l.input(0), log1pOf(l, l.input(1), l.dtype(), null))),
  BitwiseAnd: bitwise('BitwiseAnd'),
  BitwiseOr: bitwise('BitwiseOr'),
  BitwiseXor: bitwise('BitwiseXor'),
  Invert: bitwise('BitwiseNot'),
  LeftShift: shift('LEFT'),
  RightShift: shift('RIGHT'),
  ApproximateEqual: approximatelyEqual,
  FakeQuantWithMinMaxArgs: (l) =>
    fakeQuant(l, scalar(l, 'float32', l.attrs.float('min', -6)), scalar(l, 'float32', l.attrs.float('max', 6))),
  FakeQuantWithMinMaxVars: (l) => fakeQuant(l, l.input(1), l.input(2)),
  FakeQuantWithMinMaxVarsPerChannel: (l) => fakeQuant(l, l.input(1), l.input(2)),
} satisfies Record<string, Lower>;

/**
 * Reductions of integers. The engine's own sums and products go through doubles and end at the greatest number, where TensorFlow's are
 * exact and wrap around; of 64-bit numbers its extremes look at the lower half only.
 */
import type { DType } from '../../dtype.ts';
import type { Value } from '../../onnx-graph.ts';
import type { Lowering } from '../lowering.ts';
import { Calculator } from './calculate.ts';
import { cast, ints, type RunOptions, range, run, squeeze } from './common.ts';

const HALF = 2 ** 32;

/** Most factors that are multiplied one by one. */
const MOST_FACTORS = 64;

/** In int64, in which the sum of millions of 32-bit numbers is exact; 64-bit numbers in two halves. */
export function integerSum(l: Lowering, options: RunOptions): Value {
  return cast(l, wideSum(l, options), 'int64', l.dtype());
}

function wideSum(l: Lowering, options: RunOptions): Value {
  const dtype = l.dtype();
  const whole = new Calculator(l, 'int64');
  const value = whole.from(l.input(0), dtype);
  const sum = (part: Value): Value => run(l, 'ReduceSum', [part], 'int64', options);
  if (!isWide(dtype) || isNarrow(l, value)) return sum(value);
  const low = whole.do('Mod', value, HALF);
  const high = whole.do('Div', whole.do('Sub', value, low), HALF);
  return whole.do('Add', whole.do('Mul', sum(high), HALF), sum(low));
}

/** The quotient of the sum, which does not wrap around at 32 bits, and how many there are, without its fraction. */
export function integerMean(l: Lowering, options: RunOptions): Value {
  const dtype = l.dtype();
  const whole = new Calculator(l, 'int64');
  if (dtype === 'uint64') throw l.refuse('means of uint64');
  const total = wideSum(l, options);
  const [all, kept] = [l.input(0), total].map((value) => l.emit('Size', [value], {}, { dtype: 'int64', shape: [] }));
  const count = whole.do('Max', whole.do('Div', all as Value, whole.do('Max', kept as Value, 1)), 1);
  return cast(l, whole.do('Div', total, count), 'int64', dtype);
}

/** One factor after the other; undefined where it is not known how many there are. */
export function integerProduct(l: Lowering, axes: readonly number[]): Value | undefined {
  const shape = l.shape(0) ?? [];
  const places = axes.map((axis) => (axis < 0 ? axis + shape.length : axis));
  const few = (axis: number): boolean => (shape[axis] ?? -1) > 0 && (shape[axis] ?? -1) <= MOST_FACTORS;
  if (!places.every(few)) return undefined;
  const product = places.reduce((value, axis) => productAlong(l, value, axis), l.input(0));
  return l.attrs.bool('keep_dims', false) ? product : squeeze(l, product, places);
}

function productAlong(l: Lowering, value: Value, axis: number): Value {
  const count = l.shape(0)?.[axis] ?? 1;
  if (count === 1) return value;
  const sizes = ints(l, new Array<number>(count).fill(1));
  const parts = l.emitMany('Split', [value, sizes], count, { axis }, { dtype: l.dtype(), shape: null });
  const number = new Calculator(l, l.dtype());
  return range(count - 1).reduce((total, i) => number.do('Mul', total, parts[i + 1] ?? ''), parts[0] ?? '');
}

/** The greatest (least) upper half, and of the numbers that have it the greatest lower one. */
export function integerExtreme(
  l: Lowering,
  op: 'ReduceMax' | 'ReduceMin',
  { attrs, extra = [] }: RunOptions,
  axes: readonly number[],
): Value {
  const whole = new Calculator(l, 'int64');
  const value = l.input(0);
  if (isNarrow(l, value)) return run(l, op, [value], 'int64', { ...(attrs && { attrs }), extra });
  const best = (part: Value): Value => {
    const reduced = run(l, op, [cast(l, part, 'int64', 'int32')], 'int32', {
      attrs: { ...attrs, keepdims: 1 },
      extra,
      shape: null,
    });
    return whole.from(reduced, 'int32');
  };
  const low = whole.do('Mod', value, HALF);
  const high = whole.do('Div', whole.do('Sub', value, low), HALF);
  const upper = best(high);
  // The lower half as a signed number; the worst one where the upper half is not the best.
  const worst = op === 'ReduceMax' ? -HALF / 2 : HALF / 2 - 1;
  const lower = best(whole.pick(whole.is('Equal', high, upper), whole.do('Sub', low, HALF / 2), worst));
  const found = whole.do('Add', whole.do('Mul', upper, HALF), whole.do('Add', lower, HALF / 2));
  return l.attrs.bool('keep_dims', false) ? found : squeeze(l, found, axes);
}

function isWide(dtype: DType): boolean {
  return dtype === 'int64' || dtype === 'uint64';
}

/** Cast from numbers of 32 bits or fewer. */
function isNarrow(l: Lowering, value: Value): boolean {
  const maker = l.graph.nodes.findLast((node) => node.outputs.includes(value));
  if (maker?.op !== 'Cast') return false;
  const from = l.graph.types.get(maker.inputs[0] ?? '')?.dtype;
  return from === 'bool' || (from !== undefined && /int(8|16|32)$/.test(from));
}

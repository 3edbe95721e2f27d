/** Ops along one axis: reversing, rolling, running products, ranks and buckets. */
import type { Value } from '../../onnx-graph.ts';
import { float32 } from '../constant.ts';
import { kernelDtype } from '../kernels.ts';
import { each, type Lower, type Lowering } from '../lowering.ts';
import { and, Calculator, not, sizeOfAxis, vector } from './calculate.ts';
import { asInt64, cast, ints, range, reshape, run, scalar, transpose, unsqueeze } from './common.ts';
import { reversed } from './slicing.ts';

/** Inputs: value, how many leading elements of each row to reverse. ONNX wants the two axes in front. */
function reverseSequence(l: Lowering): Value {
  const rank = l.rank(0);
  const batch = l.axis(l.attrs.int('batch_dim', 0), rank);
  const time = l.axis(l.attrs.int('seq_dim'), rank);
  const lengths = asInt64(l, 1);
  const emit = (value: Value, attrs: Record<string, number>): Value =>
    run(l, 'ReverseSequence', [value], l.dtype(), { attrs, extra: [lengths], shape: null });
  if (batch + time === 1) return emit(l.input(0), { batch_axis: batch, time_axis: time });
  const perm = [batch, time, ...range(rank).filter((axis) => axis !== batch && axis !== time)];
  const turned = emit(transpose(l, l.input(0), perm), { batch_axis: 0, time_axis: 1 });
  return transpose(
    l,
    turned,
    range(rank).map((axis) => perm.indexOf(axis)),
  );
}

/** Inputs: value, how far along each axis, the axes. What leaves at the end comes in at the front. */
function roll(l: Lowering): Value {
  const rank = l.rank(0);
  const axes = l.needNumbers(2, 'the list of axes');
  const shifts = reshape(l, asInt64(l, 1), [-1], 'int64');
  return axes.reduce((value, axis, i) => {
    const shift = l.emit('Gather', [shifts, ints(l, [i])], { axis: 0 }, { dtype: 'int64', shape: [1] });
    return rolled(l, value, shift, l.axis(axis, rank));
  }, l.input(0));
}

function rolled(l: Lowering, value: Value, shift: Value, axis: number): Value {
  const whole = new Calculator(l, 'int64');
  const size = sizeOfAxis(l, value, axis, l.shape(0)?.[axis]);
  // Nothing can be divided by a size of 0, and nothing moves there.
  const start = vector(l, [whole.do('Sub', size, whole.do('Mod', shift, whole.do('Max', size, 1)))]);
  const part = (from: Value, to: Value): Value =>
    l.emit('Slice', [value, from, to, ints(l, [axis])], {}, { dtype: l.dtype(), shape: null });
  const parts = [part(start, vector(l, [size])), part(ints(l, [0]), start)];
  return l.emit('Concat', parts, { axis }, l.outType());
}

/** Running products by doubling: after step k each element is the product of up to 2^k before and with it. */
function cumprod(l: Lowering): Value {
  const rank = l.rank(0);
  const axis = l.axis(l.needNumbers(1, 'the axis')[0] ?? 0, rank);
  const size = l.shape(0)?.[axis] ?? -1;
  if (size < 0) throw l.refuse('the number of factors is unknown');
  const turn = (value: Value): Value => (l.attrs.bool('reverse', false) ? reversed(l, value, [axis]) : value);
  let value = turn(l.input(0));
  if (l.attrs.bool('exclusive', false)) value = delayed(l, value, axis, 1);
  for (let step = 1; step < size; step *= 2) value = run(l, 'Mul', [value, delayed(l, value, axis, step)], l.dtype());
  return turn(value);
}

/** The value `by` places later, with ones before it. */
function delayed(l: Lowering, value: Value, axis: number, by: number): Value {
  const rank = l.rank(0);
  const dtype = l.dtype();
  const kernel = kernelDtype('Pad', dtype, l.opset);
  if (kernel === undefined) throw l.refuse(`the engine cannot pad ${dtype}`);
  const pads = range(2 * rank).map((i) => (i === axis ? by : i === rank + axis ? -by : 0));
  const inputs = [cast(l, value, dtype, kernel), ints(l, pads), scalar(l, kernel, 1)];
  return cast(l, l.emit('Pad', inputs, {}, { dtype: kernel, shape: l.outType().shape }), kernel, dtype);
}

/** Inputs: scores [batch, classes], the class of each row; is it among the k best? Nothing can be said where a score is not finite. */
function inTopK(l: Lowering): Value {
  const float = new Calculator(l, 'float32');
  const whole = new Calculator(l, 'int64');
  const scores = l.input(0);
  const classes = sizeOfAxis(l, scores, 1, l.shape(0)?.[1]);
  const target = asInt64(l, 1);
  const known = and(l, whole.is('GreaterOrEqual', target, 0), whole.is('Less', target, classes));
  const place = unsqueeze(l, whole.pick(known, target, 0), [1]);
  const own = l.emit('GatherElements', [scores, place], { axis: 1 }, { dtype: 'float32', shape: [-1, 1] });
  const better = countTrue(l, float.is('Greater', scores, own), 1);
  const most = l.arity > 2 ? asInt64(l, 2) : scalar(l, 'int64', l.attrs.int('k'));
  const infinite = countTrue(l, not(l, float.is('Less', float.do('Abs', scores), Number.POSITIVE_INFINITY)), 1);
  return and(l, known, whole.is('Less', better, most), whole.is('Equal', infinite, 0));
}

/** How many are true along the axis, as int64. */
function countTrue(l: Lowering, value: Value, axis: number): Value {
  const numbers = cast(l, value, 'bool', 'int64');
  return l.emit('ReduceSum', [numbers, ints(l, [axis])], { keepdims: 0 }, { dtype: 'int64', shape: null });
}

/** How many boundaries are not above each element; of NaN, none is, as in a search that never finds one. */
function bucketize(l: Lowering): Value {
  const limits = l.node.attr.get('boundaries')?.list?.f ?? [];
  const dtype = l.dtype() === 'float64' ? 'float64' : 'float32';
  const boundaries = cast(l, l.fresh('boundaries', float32(limits)), 'float32', dtype);
  const rank = l.rank(0);
  const value = unsqueeze(l, cast(l, l.input(0), l.dtype(), dtype), [rank]);
  const below = new Calculator(l, dtype).is('Less', value, boundaries);
  return cast(l, countTrue(l, not(l, below), rank), 'int64', 'int32');
}

/** Inputs: rows in order [batch, n], values [batch, m]; before which element of its row would each value go? */
function searchSorted(upper: boolean): Lower {
  return (l) => {
    const dtype = l.dtype();
    const compare = new Calculator(l, dtype);
    const [rows, values] = [unsqueeze(l, l.input(0), [1]), unsqueeze(l, l.input(1), [2])];
    const before = upper ? not(l, compare.is('Less', values, rows)) : compare.is('Less', rows, values);
    return cast(l, countTrue(l, before, 2), 'int64', l.attrs.dtype('out_type', 'int32'));
  };
}

export const SEQUENCE = {
  ReverseSequence: reverseSequence,
  Roll: roll,
  Cumprod: cumprod,
  ...each('InTopK InTopKV2', inTopK),
  Bucketize: bucketize,
  LowerBound: searchSorted(false),
  UpperBound: searchSorted(true),
} satisfies Record<string, Lower>;

/** Functions that are a few plain ops: norms, losses, running sums of exponentials, products of vectors, counts of a histogram. */
import type { Value } from '../../onnx-graph.ts';
import type { Lower, Lowering } from '../lowering.ts';
import { and, Calculator, indices, reshapeTo, sizeOfAxis, vector } from './calculate.ts';
import { asInt64, cast, choose, ints, range, reshape, run, scalar, unsqueeze } from './common.ts';
import { reduceWith } from './reduction.ts';
import { reversed } from './slicing.ts';

/** The root of the sum of squares. */
function euclideanNorm(l: Lowering): Value {
  const square = run(l, 'Mul', [l.input(0), l.input(0)], l.dtype(), { shape: l.shape(0) });
  return run(l, 'Sqrt', [reduceWith(l, 'ReduceSum', square)], l.dtype());
}

/** Inputs: logits and labels [rows, classes], either of which may have one row for all. Outputs: loss, gradient. */
function softmaxCrossEntropy(l: Lowering): readonly Value[] {
  const f = new Calculator(l, l.dtype());
  const logits = f.do('Add', l.input(0), f.do('Mul', l.input(1), 0));
  return crossEntropy(l, f, logits, l.input(1));
}

/** Labels are the number of a class for each row. */
function sparseSoftmaxCrossEntropy(l: Lowering): readonly Value[] {
  const f = new Calculator(l, l.dtype());
  const classes = indices(l, sizeOfAxis(l, l.input(0), 1, l.shape(0)?.[1]));
  const whole = new Calculator(l, 'int64');
  const label = unsqueeze(l, asInt64(l, 1), [1]);
  const inside = and(l, whole.is('GreaterOrEqual', label, 0), whole.is('Less', label, classesOf(l)));
  const hot = f.from(whole.is('Equal', label, classes), 'bool');
  return crossEntropy(l, f, l.input(0), f.pick(inside, hot, Number.NaN));
}

function classesOf(l: Lowering): Value {
  return sizeOfAxis(l, l.input(0), 1, l.shape(0)?.[1]);
}

function crossEntropy(l: Lowering, f: Calculator, logits: Value, labels: Value): readonly Value[] {
  const shape = l.outType(1).shape;
  const share = run(l, 'LogSoftmax', [logits], f.dtype, { attrs: { axis: 1 }, shape });
  const parts = f.pick(f.is('Equal', labels, 0), 0, f.do('Mul', labels, share));
  const sum = run(l, 'ReduceSum', [parts], f.dtype, { attrs: { keepdims: 0 }, extra: [ints(l, [1])] });
  return [f.do('Neg', sum), f.do('Sub', f.do('Exp', share), labels)];
}

/** log(exp(a) + exp(b)) */
function logAdd(f: Calculator, a: Value, b: Value): Value {
  const most = f.do('Max', a, b);
  const finite = f.pick(f.is('Greater', most, -Infinity), most, 0);
  const sum = f.do('Add', f.do('Exp', f.do('Sub', a, finite)), f.do('Exp', f.do('Sub', b, finite)));
  return f.do('Add', f.do('Log', sum), finite);
}

/** By doubling: after step k each element is that of up to 2^k before and with it. */
function cumulativeLogSumExp(l: Lowering): Value {
  const rank = l.rank(0);
  const axis = l.axis(l.needNumbers(1, 'the axis')[0] ?? 0, rank);
  const size = l.shape(0)?.[axis] ?? -1;
  if (size < 0) throw l.refuse('the number of terms is unknown');
  const f = new Calculator(l, l.dtype() === 'float64' ? 'float64' : 'float32');
  const turn = (value: Value): Value => (l.attrs.bool('reverse', false) ? reversed(l, value, [axis]) : value);
  const later = (value: Value, by: number): Value => {
    const pads = range(2 * rank).map((i) => (i === axis ? by : i === rank + axis ? -by : 0));
    return l.emit(
      'Pad',
      [value, ints(l, pads), scalar(l, f.dtype, -Infinity)],
      {},
      { dtype: f.dtype, shape: l.shape(0) },
    );
  };
  let value = turn(f.from(l.input(0), l.dtype()));
  if (l.attrs.bool('exclusive', false)) value = later(value, 1);
  for (let step = 1; step < size; step *= 2) value = logAdd(f, value, later(value, step));
  return cast(l, turn(value), f.dtype, l.dtype());
}

/** Vectors of three numbers in the last dimension. */
function cross(l: Lowering): Value {
  const rank = l.rank(0);
  const f = new Calculator(l, l.dtype());
  const turned = (value: Value, by: number): Value => {
    const order = ints(l, [(by + 0) % 3, (by + 1) % 3, (by + 2) % 3]);
    return l.emit('Gather', [value, order], { axis: rank - 1 }, { dtype: l.dtype(), shape: l.shape(0) });
  };
  const [a, b] = [l.input(0), l.input(1)];
  const product = (i: number, j: number): Value => f.do('Mul', turned(a, i), turned(b, j));
  return f.do('Sub', product(1, 2), product(2, 1));
}

/** Zeros but where both halves of the dimensions have the same place. */
function diag(l: Lowering): Value {
  const size = l.shape(0)?.reduce((all, dim) => all * dim, 1) ?? -1;
  if (size < 0) throw l.refuse('the shape is unknown');
  const flat = reshape(l, l.input(0), [1, size], l.dtype());
  const number = indices(l, scalar(l, 'int64', size));
  const same = new Calculator(l, 'int64').is('Equal', unsqueeze(l, number, [1]), number);
  const square = choose(l, same, flat, scalar(l, l.dtype(), 0), l.dtype(), [size, size]);
  return reshape(l, square, l.outType().shape ?? [], l.dtype());
}

/** What is at the same place of both halves of the dimensions. */
function diagPart(l: Lowering): Value {
  const half = l.shape(0)?.slice(0, l.rank(0) / 2) ?? [];
  const size = half.reduce((all, dim) => all * dim, 1);
  if (half.some((dim) => dim < 0)) throw l.refuse('the shape is unknown');
  const flat = reshape(l, l.input(0), [size * size], l.dtype());
  const places = ints(
    l,
    range(size).map((i) => i * (size + 1)),
  );
  const part = l.emit('Gather', [flat, places], { axis: 0 }, { dtype: l.dtype(), shape: [size] });
  return reshape(l, part, half, l.dtype());
}

/** The element that is `n`th along the last dimension when that is in order. */
function nthElement(l: Lowering): Value {
  const dtype = l.dtype();
  const largest = l.attrs.bool('reverse', false) ? 1 : 0;
  const count = new Calculator(l, 'int64').do('Add', reshape(l, asInt64(l, 1), [1], 'int64'), 1);
  const attrs = { axis: -1, largest, sorted: 1 };
  const [sorted = ''] = l.emitMany('TopK', [l.input(0), count], 2, attrs, { dtype, shape: null });
  const last = l.fresh('last', { dtype: 'int64', shape: [], data: BigInt64Array.of(-1n) });
  return l.emit('Gather', [sorted, last], { axis: l.rank(0) - 1 }, l.outType());
}

/** Inputs: values, the range [2], how many bins: counts; what is outside counts in the first or the last. */
function histogram(l: Lowering): Value {
  const f = new Calculator(l, l.dtype());
  const whole = new Calculator(l, 'int64');
  const edge = (i: number): Value =>
    l.emit('Gather', [l.input(1), ints(l, [i])], { axis: 0 }, { dtype: l.dtype(), shape: [1] });
  const bins = reshape(l, asInt64(l, 2), [1], 'int64');
  const flat = reshapeTo(l, l.input(0), [-1], l.dtype());
  l.graph.types.set(flat, { dtype: l.dtype(), shape: [-1] });
  const step = f.do('Div', f.do('Sub', edge(1), edge(0)), f.from(bins, 'int64'));
  const place = f.do('Floor', f.do('Div', f.do('Sub', flat, edge(0)), step));
  const last = f.do('Sub', f.from(bins, 'int64'), 1);
  const bin = cast(l, f.do('Max', f.do('Min', place, last), 0), l.dtype(), 'int64');
  const all = indices(l, reshape(l, bins, [], 'int64'), 1);
  const hits = cast(l, whole.is('Equal', all, unsqueeze(l, bin, [0])), 'bool', 'int64');
  const counts = l.emit('ReduceSum', [hits, ints(l, [1])], { keepdims: 0 }, { dtype: 'int64', shape: [-1] });
  return cast(
    l,
    l.emit('Reshape', [counts, vector(l, [bins])], {}, { dtype: 'int64', shape: [-1] }),
    'int64',
    l.outType().dtype,
  );
}

export const COMPOSED = {
  EuclideanNorm: euclideanNorm,
  SoftmaxCrossEntropyWithLogits: softmaxCrossEntropy,
  SparseSoftmaxCrossEntropyWithLogits: sparseSoftmaxCrossEntropy,
  CumulativeLogsumexp: cumulativeLogSumExp,
  Cross: cross,
  Diag: diag,
  DiagPart: diagPart,
  NthElement: nthElement,
  HistogramFixedWidth: histogram,
} satisfies Record<string, Lower>;

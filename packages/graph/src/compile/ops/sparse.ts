/**
 * Sparse tensors: rows of coordinates [n, rank], a value for each, and the shape [rank] of the whole; and what decodes to one.
 * Source: `tensorflow/core/kernels/reshape_util.cc`, `fill_empty_rows_functor.h`, `ctc_decoder_ops.cc`.
 */
import type { Value } from '../../onnx-graph.ts';
import type { Lower, Lowering } from '../lowering.ts';
import { and, Calculator, indices, not, sizeOfAxis, vector } from './calculate.ts';
import { asInt64, cast, ints, reshape, scalar, unsqueeze } from './common.ts';

const INT64 = { dtype: 'int64', shape: null } as const;

/** Inputs: coordinates, the shape, the new shape, in which one size may be -1. */
function sparseReshape(l: Lowering): readonly Value[] {
  const whole = new Calculator(l, 'int64');
  const size = l.emit('ReduceProd', [asInt64(l, 1)], { keepdims: 1 }, INT64);
  const asked = asInt64(l, 2);
  const open = whole.is('Equal', asked, -1);
  const others = l.emit('ReduceProd', [whole.pick(open, 1, asked)], { keepdims: 1 }, INT64);
  // Sizes of which one is 0 leave nothing to the open one.
  const shape = whole.pick(open, whole.do('Div', size, whole.do('Max', others, 1)), asked);
  const places = whole.do('Mul', asInt64(l, 0), strides(l, asInt64(l, 1)));
  const place = l.emit('ReduceSum', [places, ints(l, [1])], { keepdims: 1 }, INT64);
  const quotient = whole.do('Div', place, whole.do('Max', strides(l, shape), 1));
  return [whole.do('Mod', quotient, whole.do('Max', shape, 1)), shape];
}

/** How far apart in a list of all elements those are that are neighbours along each axis. */
function strides(l: Lowering, shape: Value): Value {
  const whole = new Calculator(l, 'int64');
  const rank = sizeOfAxis(l, shape, 0);
  const number = indices(l, rank);
  // Sizes of the axes behind each: a table of all pairs, 1 where the column is not behind the row.
  const behind = whole.is('Greater', unsqueeze(l, number, [0]), unsqueeze(l, number, [1]));
  const table = whole.pick(behind, unsqueeze(l, shape, [0]), 1);
  return l.emit('ReduceProd', [table, ...axesOf(l, 1)], axesAttr(l, 1), INT64);
}

/** Reductions but for sums take their axes as an attribute before operator set 18. */
function axesOf(l: Lowering, axis: number): Value[] {
  return l.opset >= 18 ? [ints(l, [axis])] : [];
}

function axesAttr(l: Lowering, axis: number): { keepdims: number; axes?: number[] } {
  return l.opset >= 18 ? { keepdims: 0 } : { keepdims: 0, axes: [axis] };
}

/**
 * Inputs: coordinates, values, the shape, the value for empty rows. Outputs: both with an entry at column 0 of each empty row, ordered by
 * rows; which rows were empty; where each of the given entries is now.
 */
function fillEmptyRows(l: Lowering): readonly Value[] {
  const whole = new Calculator(l, 'int64');
  const dtype = l.dtype(1);
  const given = asInt64(l, 0);
  const count = sizeOfAxis(l, given, 0);
  const rows = l.emit('Gather', [asInt64(l, 2), ints(l, [0])], { axis: 0 }, INT64);
  const row = l.emit('Gather', [given, scalar(l, 'int64', 0)], { axis: 1 }, INT64);
  const none = l.emit('Expand', [scalar(l, 'int64', 0), rows], {}, INT64);
  const ones = l.emit('Expand', [scalar(l, 'int64', 1), vector(l, [count])], {}, INT64);
  const present = l.emit('ScatterElements', [none, row, ones], { axis: 0 }, INT64);
  const empty = whole.is('Equal', present, 0);
  const missing = l.emit('Transpose', [l.emit('NonZero', [empty], {}, INT64)], { perm: [1, 0] }, INT64);
  const columns = whole.do('Sub', sizeOfAxis(l, given, 1, l.shape(0)?.[1]), 1);
  const filling = l.emit('Pad', [missing, vector(l, [0, 0, 0, columns])], {}, INT64);
  const all = l.emit('Concat', [given, filling], { axis: 0 }, INT64);
  const order = orderOfRows(l, all);
  const more = vector(l, [sizeOfAxis(l, missing, 0)]);
  const fallback = l.emit('Expand', [l.input(3), more], {}, { dtype, shape: [-1] });
  const values = l.emit('Concat', [l.input(1), fallback], { axis: 0 }, { dtype, shape: [-1] });
  const place = l.emit('ScatterElements', [order, order, indices(l, sizeOfAxis(l, order, 0))], { axis: 0 }, INT64);
  const back = l.emit('Slice', [place, ints(l, [0]), vector(l, [count]), ints(l, [0])], {}, INT64);
  return [
    l.emit('Gather', [all, order], { axis: 0 }, INT64),
    l.emit('Gather', [values, order], { axis: 0 }, { dtype, shape: [-1] }),
    empty,
    back,
  ];
}

/** Numbers of the entries by rows, those of one row in the order that they have. */
function orderOfRows(l: Lowering, coordinates: Value): Value {
  const whole = new Calculator(l, 'int64');
  const count = sizeOfAxis(l, coordinates, 0);
  const row = l.emit('Gather', [coordinates, scalar(l, 'int64', 0)], { axis: 1 }, INT64);
  const key = whole.do('Add', whole.do('Mul', row, count), indices(l, count));
  const attrs = { axis: 0, largest: 0, sorted: 1 };
  return l.emitMany('TopK', [key, vector(l, [count])], 2, attrs, { dtype: 'int64', shape: [-1] })[1] ?? '';
}

/**
 * Inputs: scores [steps, batch, classes], and how many steps count in each row. Outputs: coordinates and classes of all that are no blank
 * (nor, if they are merged, what the step before is), the shape, and the negated sum of the best scores.
 */
function ctcGreedy(l: Lowering): readonly Value[] {
  const whole = new Calculator(l, 'int64');
  const dtype = l.dtype();
  const number = sizeOfAxis(l, l.input(0), 2, l.shape(0)?.[2]);
  const blank = l.attrs.int('blank_index', -1);
  const scores = l.emit('Transpose', [l.input(0)], { perm: [1, 0, 2] }, { dtype, shape: null });
  const best = l.emit('ArgMax', [scores], { axis: 2, keepdims: 0 }, INT64);
  const step = indices(l, sizeOfAxis(l, l.input(0), 0, l.shape(0)?.[0]));
  const counts = whole.is('Less', step, unsqueeze(l, asInt64(l, 1), [1]));
  const ofBlank = blank < 0 ? whole.do('Add', number, blank) : scalar(l, 'int64', blank);
  const said = and(l, counts, not(l, whole.is('Equal', best, ofBlank)));
  const kept = l.attrs.bool('merge_repeated', false)
    ? and(l, said, not(l, whole.is('Equal', best, before(l, best))))
    : said;
  const upTo = l.emit('CumSum', [cast(l, kept, 'bool', 'int64'), scalar(l, 'int64', 1)], {}, INT64);
  const where = l.emit('Transpose', [l.emit('NonZero', [kept], {}, INT64)], { perm: [1, 0] }, INT64);
  const row = l.emit('Gather', [where, ints(l, [0])], { axis: 1 }, INT64);
  const place = unsqueeze(l, whole.do('Sub', l.emit('GatherND', [upTo, where], {}, INT64), 1), [1]);
  const longest = l.emit(
    'ReduceMax',
    [reshape(l, l.emit('Concat', [reshape(l, upTo, [-1], 'int64'), ints(l, [0])], { axis: 0 }, INT64), [-1], 'int64')],
    { keepdims: 0 },
    INT64,
  );
  return [
    l.emit('Concat', [row, place], { axis: 1 }, INT64),
    l.emit('GatherND', [best, where], {}, INT64),
    vector(l, [sizeOfAxis(l, l.input(0), 1, l.shape(0)?.[1]), longest]),
    bestScores(l, scores, counts),
  ];
}

/** What the step before says; at the first step, what no class is. */
function before(l: Lowering, best: Value): Value {
  const shifted = l.emit('Pad', [best, ints(l, [0, 1, 0, 0]), scalar(l, 'int64', -1)], {}, INT64);
  return l.emit('Slice', [shifted, ints(l, [0]), ints(l, [-1]), ints(l, [1])], {}, INT64);
}

/** The negated sum of the best scores [batch, 1] over the steps that count. */
function bestScores(l: Lowering, scores: Value, counts: Value): Value {
  const dtype = l.dtype();
  const calculate = new Calculator(l, dtype);
  const best = l.emit('ReduceMax', [scores, ...axesOf(l, 2)], axesAttr(l, 2), { dtype, shape: null });
  const sum = l.emit(
    'ReduceSum',
    [calculate.pick(counts, best, 0), ints(l, [1])],
    { keepdims: 1 },
    { dtype, shape: null },
  );
  return calculate.do('Neg', sum);
}

export const SPARSE = {
  SparseReshape: sparseReshape,
  SparseFillEmptyRows: fillEmptyRows,
  CTCGreedyDecoder: ctcGreedy,
} satisfies Record<string, Lower>;

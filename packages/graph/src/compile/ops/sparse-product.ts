/** Sparse matrices in order, summed and multiplied: what networks over graphs are made of; and rows of several lengths as one table. */
import type { Value } from '../../onnx-graph.ts';
import type { Lower, Lowering } from '../lowering.ts';
import { Calculator, indices, sizeOfAxis, vector } from './calculate.ts';
import { asInt64, cast, choose, ints, placesOf, reshape, scalar, transpose, unsqueeze } from './common.ts';
import { scatter } from './scatter.ts';
import { END } from './slicing.ts';

const VECTOR = { dtype: 'int64', shape: [-1] } as const;

function column(l: Lowering, i: number): Value {
  const at = l.fresh('column', { dtype: 'int64', shape: [], data: BigInt64Array.of(BigInt(i)) });
  return l.emit('Gather', [asInt64(l, 0), at], { axis: 1 }, VECTOR);
}

/** Element `i` of input `from`, as a vector of one. */
function element(l: Lowering, from: number, i: number): Value {
  return l.emit('Gather', [asInt64(l, from), ints(l, [i])], { axis: 0 }, { dtype: 'int64', shape: [1] });
}

/** Inputs: places [n, 2], values, the shape of the sparse matrix, a dense one. Each entry adds a multiple of one row to another. */
function sparseTimesDense(l: Lowering): Value {
  const dtype = l.dtype(1);
  const turned = l.attrs.bool('adjoint_a', false);
  const [to, from] = turned ? [1, 0] : [0, 1];
  const dense = l.attrs.bool('adjoint_b', false) ? transpose(l, l.input(3), [1, 0]) : l.input(3);
  const rows = l.emit('Gather', [dense, column(l, from)], { axis: 0 }, { dtype, shape: [-1, -1] });
  const parts = new Calculator(l, dtype).do('Mul', rows, unsqueeze(l, l.input(1), [1]));
  const shape = vector(l, [element(l, 2, to), sizeOfAxis(l, dense, 1, l.outType().shape?.[1])]);
  const nothing = l.emit('Expand', [scalar(l, dtype, 0), shape], {}, { dtype, shape: [-1, -1] });
  return scatter(l, [nothing, unsqueeze(l, column(l, to), [1]), parts], 'add', dtype);
}

/** Inputs: places [n, rank], values, the shape. Both in the order of a list of all elements. */
function reorder(l: Lowering): readonly Value[] {
  const rank = l.shape(0)?.[1] ?? -1;
  if (rank < 0) throw l.refuse('the rank of the sparse tensor is unknown');
  const whole = new Calculator(l, 'int64');
  let place = column(l, 0);
  for (let i = 1; i < rank; i++) place = whole.do('Add', whole.do('Mul', place, element(l, 2, i)), column(l, i));
  const count = vector(l, [sizeOfAxis(l, place, 0)]);
  const attrs = { axis: 0, largest: 0, sorted: 1 };
  const [, order = ''] = l.emitMany('TopK', [place, count], 2, attrs, VECTOR);
  return [
    l.emit('Gather', [asInt64(l, 0), order], { axis: 0 }, l.outType(0)),
    l.emit('Gather', [l.input(1), order], { axis: 0 }, l.outType(1)),
  ];
}

/** Inputs: places, values, the shape, the axes to sum over. */
function reduceSum(l: Lowering): Value {
  const dtype = l.dtype(1);
  const axes = l.needNumbers(3, 'the list of axes');
  const nothing = l.emit('Expand', [scalar(l, dtype, 0), asInt64(l, 2)], {}, { dtype, shape: null });
  const dense = scatter(l, [nothing, placesOf(l, 0), l.input(1)], 'add', dtype);
  const keepdims = l.attrs.bool('keep_dims', false) ? 1 : 0;
  return l.emit('ReduceSum', [dense, ints(l, axes)], { keepdims }, { dtype, shape: l.outType().shape });
}

/** Where each row of a ragged tensor begins, and the end of the last: [rows + 1]. */
function splitsOf(l: Lowering): Value {
  const kinds = (l.node.attr.get('row_partition_types')?.list?.s ?? []).map((kind) => new TextDecoder().decode(kind));
  if (kinds.length === 1 && kinds[0] === 'ROW_SPLITS') return asInt64(l, 3);
  if (kinds.join() !== 'FIRST_DIM_SIZE,VALUE_ROWIDS') throw l.refuse(`rows told by ${kinds.join(', ')}`);
  const whole = new Calculator(l, 'int64');
  const edges = indices(l, reshape(l, whole.do('Add', asInt64(l, 3), 1), [], 'int64'), 1);
  const before = cast(l, whole.is('Less', unsqueeze(l, asInt64(l, 4), [0]), edges), 'bool', 'int64');
  return l.emit('ReduceSum', [before, ints(l, [1])], { keepdims: 0 }, VECTOR);
}

/**
 * Inputs: the shape (-1: what the values need), values [n, ...], what fills up, and how the rows are told. Each cell of the table is
 * picked from the values, of which one more at the end is the filling.
 */
function raggedToTensor(l: Lowering): Value {
  const dtype = l.dtype(1);
  const whole = new Calculator(l, 'int64');
  if (l.rank(2) > 0 && l.rank(2) !== l.rank(1) - 1) throw l.refuse('a filling that is broadcast');
  const splits = splitsOf(l);
  const starts = l.emit('Slice', [splits, ints(l, [0]), ints(l, [-1]), ints(l, [0])], {}, VECTOR);
  const ends = l.emit('Slice', [splits, ints(l, [1]), ints(l, [END]), ints(l, [0])], {}, VECTOR);
  const lengths = whole.do('Sub', ends, starts);
  const some = l.emit('Concat', [lengths, ints(l, [0])], { axis: 0 }, VECTOR);
  const longest = l.emit('ReduceMax', [some], { keepdims: 1 }, { dtype: 'int64', shape: [1] });
  const [rows, width] = [sized(l, 0, sizeOfAxis(l, starts, 0)), sized(l, 1, reshape(l, longest, [], 'int64'))];
  const filled = (value: Value): Value => {
    const missing = whole.do('Max', whole.do('Sub', rows, sizeOfAxis(l, value, 0)), 0);
    const padded = l.emit('Pad', [value, vector(l, [0, missing])], {}, VECTOR);
    return unsqueeze(l, l.emit('Slice', [padded, ints(l, [0]), vector(l, [rows]), ints(l, [0])], {}, VECTOR), [1]);
  };
  const at = unsqueeze(l, indices(l, width), [0]);
  const count = sizeOfAxis(l, l.input(1), 0, l.shape(1)?.[0]);
  const inside = whole.is('Less', at, filled(lengths));
  const place = whole.pick(inside, whole.do('Add', filled(starts), at), count);
  const values = l.emit('Concat', [l.input(1), fillingOf(l)], { axis: 0 }, { dtype, shape: null });
  return l.emit('Gather', [values, place], { axis: 0 }, l.outType());
}

/** Size `i` that the shape asks for, else the one that is needed; an int64 scalar. */
function sized(l: Lowering, i: number, needed: Value): Value {
  const [asked] = l.numbers(0)?.slice(i) ?? [];
  if (l.shape(0)?.length === 0 || asked === -1) return needed;
  if (asked !== undefined) return l.fresh('size', { dtype: 'int64', shape: [], data: BigInt64Array.of(BigInt(asked)) });
  const whole = new Calculator(l, 'int64');
  const told = reshape(l, element(l, 0, i), [], 'int64');
  return choose(l, whole.is('Less', told, 0), needed, told, 'int64', []);
}

/** One value more, of the shape of the others. */
function fillingOf(l: Lowering): Value {
  const inner = l.emit('Shape', [l.input(1)], { start: 1 }, { dtype: 'int64', shape: [l.rank(1) - 1] });
  const one = l.emit('Concat', [ints(l, [1]), inner], { axis: 0 }, { dtype: 'int64', shape: [l.rank(1)] });
  return l.emit('Expand', [l.input(2), one], {}, { dtype: l.dtype(1), shape: null });
}

export const SPARSE_PRODUCT = {
  SparseTensorDenseMatMul: sparseTimesDense,
  SparseReorder: reorder,
  SparseReduceSum: reduceSum,
  RaggedTensorToTensor: raggedToTensor,
} satisfies Record<string, Lower>;

/** Sparse tensors: rows of coordinates [n, rank], a value for each, and the shape [rank] of the whole. */
import { UNKNOWN } from '../dims.ts';
import { dimOf, type Typed } from '../facts.ts';
import type { InferTable, OpContext } from '../op-context.ts';

const INT64 = 'int64';

/** Inputs: coordinates, the shape, the new shape, in which one size may be -1. */
function reshape(op: OpContext): readonly Typed[] {
  const [count = UNKNOWN, rank = UNKNOWN] = op.ranked(0, 2);
  op.same(rank, op.ranked(1, 1)[0], 'ranks');
  const newRank = op.ranked(2, 1)[0] ?? UNKNOWN;
  return [
    { dtype: INT64, dims: [count, newRank] },
    { dtype: INT64, dims: [newRank] },
  ];
}

/** Inputs: coordinates, values, the shape, the value that empty rows get. */
function fillEmptyRows(op: OpContext): readonly Typed[] {
  const [count = UNKNOWN, rank = UNKNOWN] = op.ranked(0, 2);
  const values = op.same(count, op.ranked(1, 1)[0], 'values');
  const [rows] = op.elements(2) ?? [];
  return [
    { dtype: INT64, dims: [UNKNOWN, op.same(rank, op.ranked(2, 1)[0], 'ranks')] },
    { dtype: op.dtype('T', 1), dims: [UNKNOWN] },
    { dtype: 'bool', dims: [typeof rows === 'number' && rows >= 0 ? rows : UNKNOWN] },
    { dtype: INT64, dims: [values] },
  ];
}

/** Inputs: scores [steps, batch, classes], and how many steps count in each row. */
function ctcGreedy(op: OpContext): readonly Typed[] {
  const batch = op.same(op.ranked(0, 3)[1], op.ranked(1, 1)[0], 'rows');
  return [
    { dtype: INT64, dims: [UNKNOWN, 2] },
    { dtype: INT64, dims: [UNKNOWN] },
    { dtype: INT64, dims: [2] },
    { dtype: op.dtype(), dims: [batch, 1] },
  ];
}

/** Inputs: coordinates, values, the shape of a sparse matrix, and a dense one. */
function timesDense(op: OpContext): readonly Typed[] {
  const shape = op.elements(2) ?? [];
  const dense = op.ranked(3, 2);
  const rows = dimOf(shape[op.attrs.bool('adjoint_a', false) ? 1 : 0]);
  const columns = dense[op.attrs.bool('adjoint_b', false) ? 0 : 1] ?? UNKNOWN;
  return [{ dtype: op.dtype('T', 1), dims: [rows, columns] }];
}

function reorder(op: OpContext): readonly Typed[] {
  return [
    { dtype: INT64, dims: op.ranked(0, 2) },
    { dtype: op.dtype('T', 1), dims: op.ranked(1, 1) },
  ];
}

/** Inputs: coordinates, values, the shape, axes. */
function reduceSum(op: OpContext): readonly Typed[] {
  const dtype = op.dtype('T', 1);
  const [shape, axes] = [op.elements(2), op.ints(3)];
  if (shape === undefined || axes === undefined) return [{ dtype, dims: null }];
  const reduced = new Set(axes.map((axis) => op.axis(axis, shape.length)));
  const dims = shape.map(dimOf);
  const keep = op.attrs.bool('keep_dims', false);
  return [
    { dtype, dims: keep ? dims.map((dim, i) => (reduced.has(i) ? 1 : dim)) : dims.filter((_, i) => !reduced.has(i)) },
  ];
}

/** Rows of several lengths in a table; the values' own dimensions follow. */
function raggedToTensor(op: OpContext): readonly Typed[] {
  const kinds = op.node.attr.get('row_partition_types')?.list?.s ?? [];
  const values = op.dims(1);
  if (values === null) return [{ dtype: op.dtype('T', 1), dims: null }];
  // The size of the first dimension may be told apart from the others.
  const ragged = kinds.length - (op.inputs.length > 4 && kinds.length > 1 ? 1 : 0);
  const asked = op.elements(0) ?? [];
  const size = (i: number): number => {
    const told = dimOf(asked[i]);
    return told === -1 ? UNKNOWN : told;
  };
  const inner = values.slice(1);
  const front = Array.from({ length: ragged + 1 }, (_, i) => size(i));
  return [{ dtype: op.dtype('T', 1), dims: [...front, ...inner] }];
}

export const sparse: InferTable = {
  SparseTensorDenseMatMul: timesDense,
  SparseReorder: reorder,
  SparseReduceSum: reduceSum,
  RaggedTensorToTensor: raggedToTensor,
  SparseReshape: reshape,
  SparseFillEmptyRows: fillEmptyRows,
  CTCGreedyDecoder: ctcGreedy,
};

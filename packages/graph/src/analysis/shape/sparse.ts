/** Sparse tensors: rows of coordinates [n, rank], a value for each, and the shape [rank] of the whole. */
import { UNKNOWN } from '../dims.ts';
import type { Typed } from '../facts.ts';
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

export const sparse: InferTable = {
  SparseReshape: reshape,
  SparseFillEmptyRows: fillEmptyRows,
  CTCGreedyDecoder: ctcGreedy,
};

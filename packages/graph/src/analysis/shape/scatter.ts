/** Ops that put elements at places, count them or find the distinct ones. */
import { type Dims, formatDims, UNKNOWN } from '../dims.ts';
import type { Typed } from '../facts.ts';
import { each, type InferTable, type OpContext } from '../op-context.ts';

/** Rows by number: the highest of n tensors of numbers says how many. */
function dynamicStitch(op: OpContext): readonly Typed[] {
  const n = op.inputs.length / 2;
  if (!Number.isInteger(n) || n < 1) throw op.fail(`has ${op.inputs.length} inputs, which are no pairs`);
  const dtype = op.dtype('T', n);
  const tails = [...Array(n).keys()].map((i) => tailOf(op.dims(n + i), op.dims(i)));
  const tail = tails.find((dims) => dims !== null) ?? null;
  return [{ dtype, dims: tail && [UNKNOWN, ...tail] }];
}

/** What follows the dimensions that two tensors share. */
function tailOf(dims: Dims, shared: Dims): Dims {
  return dims === null || shared === null ? null : dims.slice(shared.length);
}

function dynamicPartition(op: OpContext): readonly Typed[] {
  const count = op.attrs.int('num_partitions');
  if (count < 1 || count > 1 << 16) throw op.fail(`makes ${count} parts`);
  const tail = tailOf(op.dims(0), op.dims(1));
  const part: Typed = { dtype: op.dtype(), dims: tail && [UNKNOWN, ...tail] };
  return new Array<Typed>(count).fill(part);
}

/** Distinct elements of a vector (of rows, in the versions with an axis), the number of each element's, how often each occurs. */
function unique(op: OpContext, counted: boolean): readonly Typed[] {
  const index = op.attrs.dtype('out_idx', 'int32');
  const dims = op.dims(0);
  const whole = op.inputs.length < 2 || dims?.length === 1;
  const values: Typed = { dtype: op.dtype(), dims: whole ? [UNKNOWN] : null };
  const numbers: Typed = { dtype: index, dims: whole ? dims : [UNKNOWN] };
  return counted ? [values, numbers, { dtype: index, dims: [UNKNOWN] }] : [values, numbers];
}

function listDiff(op: OpContext): readonly Typed[] {
  return [
    { dtype: op.dtype(), dims: [UNKNOWN] },
    { dtype: op.attrs.dtype('out_idx', 'int32'), dims: [UNKNOWN] },
  ];
}

/** Rows of a table, reduced by segments of which input 3 may say how many there are. */
function sparseSegments(op: OpContext): readonly Typed[] {
  const [data] = [op.dims(0)];
  op.same(op.ranked(1, 1)[0], op.ranked(2, 1)[0], 'rows');
  const count = op.inputs.length > 3 ? op.count(3) : UNKNOWN;
  return [{ dtype: op.dtype(), dims: data && [count, ...data.slice(1)] }];
}

function bincount(op: OpContext): readonly Typed[] {
  const [dims, bins] = [op.dims(0), op.count(1)];
  if (dims !== null && dims.length > 2) throw op.fail(`counts in ${formatDims(dims)}`);
  const rows = op.node.op === 'DenseBincount' && dims?.length === 2;
  const known = op.node.op === 'Bincount' || dims !== null;
  return [{ dtype: op.dtype('T', 2), dims: rows ? [dims[0] ?? UNKNOWN, bins] : known ? [bins] : null }];
}

/** Row splits, numbers, how many there are to count, and weights. */
function raggedBincount(op: OpContext): readonly Typed[] {
  const [splits = UNKNOWN] = op.ranked(0, 1);
  return [{ dtype: op.dtype('T', 3), dims: [splits > 0 ? splits - 1 : UNKNOWN, op.count(2)] }];
}

/** Scores [batch, classes] and a class for each row. */
function inTopK(op: OpContext): readonly Typed[] {
  return [{ dtype: 'bool', dims: [op.same(op.ranked(0, 2)[0], op.ranked(1, 1)[0], 'rows')] }];
}

/** Rows in order [batch, n] and values [batch, m]. */
function searchSorted(op: OpContext): readonly Typed[] {
  const batch = op.same(op.ranked(0, 2)[0], op.ranked(1, 2)[0], 'rows');
  return [{ dtype: op.attrs.dtype('out_type', 'int32'), dims: [batch, op.ranked(1, 2)[1] ?? UNKNOWN] }];
}

function broadcastArgs(op: OpContext): readonly Typed[] {
  const [a, b] = [op.ranked(0, 1)[0] ?? UNKNOWN, op.ranked(1, 1)[0] ?? UNKNOWN];
  return [{ dtype: op.dtype(), dims: [a < 0 || b < 0 ? UNKNOWN : Math.max(a, b)] }];
}

export const scattering: InferTable = {
  SparseToDense: (op) => [{ dtype: op.dtype('T', 2), dims: op.shapeArgument(1) }],
  ...each('DynamicStitch ParallelDynamicStitch', dynamicStitch),
  DynamicPartition: dynamicPartition,
  ...each('Unique UniqueV2', (op) => unique(op, false)),
  ...each('UniqueWithCounts UniqueWithCountsV2', (op) => unique(op, true)),
  ListDiff: listDiff,
  ...each('SparseSegmentSum SparseSegmentMean SparseSegmentSqrtN', sparseSegments),
  ...each(
    'SparseSegmentSumWithNumSegments SparseSegmentMeanWithNumSegments SparseSegmentSqrtNWithNumSegments',
    sparseSegments,
  ),
  ...each('Bincount DenseBincount', bincount),
  RaggedBincount: raggedBincount,
  ...each('InTopK InTopKV2', inTopK),
  ...each('LowerBound UpperBound', searchSorted),
  BroadcastArgs: broadcastArgs,
};

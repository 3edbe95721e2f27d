/** Ops that take one or more dimensions away, or work along one: sums, extremes, softmax, cumulative sums. */
import { type Dims, formatDims, UNKNOWN, unknownDims } from '../dims.ts';
import type { Typed } from '../facts.ts';
import { each, type InferTable, type OpContext } from '../op-context.ts';
import { broadcastInputs } from './elementwise.ts';

/** Shape after reducing the axes of input 1. Throws INVALID_ARGUMENT for an axis that does not exist. */
export function reducedDims(op: OpContext): Dims {
  const dims = op.dims(0);
  const keep = op.attrs.bool('keep_dims', false);
  if (dims === null) return null;
  const axes = op.ints(1)?.map((axis) => op.axis(axis, dims.length));
  if (axes === undefined) return keep ? unknownDims(dims.length) : null;
  const reduced = new Set(axes);
  return keep ? dims.map((dim, i) => (reduced.has(i) ? 1 : dim)) : dims.filter((_, i) => !reduced.has(i));
}

/** The index of the extreme along one axis. */
function argExtreme(op: OpContext): readonly Typed[] {
  const dtype = op.attrs.dtype('output_type', 'int64');
  const dims = op.dims(0);
  if (dims === null) return [{ dtype, dims }];
  const axis = op.int(1);
  if (axis === undefined) return [{ dtype, dims: unknownDims(Math.max(0, dims.length - 1)) }];
  const at = op.axis(axis, dims.length);
  return [{ dtype, dims: dims.filter((_, i) => i !== at) }];
}

/** Softmax along the last dimension; a scalar has none. */
function alongLast(op: OpContext): readonly Typed[] {
  if (op.dims(0)?.length === 0) throw op.fail('needs a tensor of rank 1 or more');
  return [{ dtype: op.dtype(), dims: op.dims(0) }];
}

function cumulative(op: OpContext): readonly Typed[] {
  const [dims, axis] = [op.dims(0), op.int(1)];
  if (dims !== null && axis !== undefined) op.axis(axis, dims.length);
  return [{ dtype: op.dtype(), dims }];
}

/** The `k` largest elements of the last dimension, and where they stood. */
function topK(op: OpContext, k: number | undefined, indexType: Typed['dtype']): readonly Typed[] {
  const dims = op.dims(0);
  if (dims?.length === 0) throw op.fail('needs a tensor of rank 1 or more');
  const last = dims?.at(-1) ?? UNKNOWN;
  if (k !== undefined && (k < 0 || (last >= 0 && k > last)))
    throw op.fail(`wants ${k} of the elements in ${formatDims(dims)}`);
  const out = dims?.with(-1, k ?? UNKNOWN) ?? null;
  return [
    { dtype: op.dtype(), dims: out },
    { dtype: indexType, dims: out },
  ];
}

/** A loss for each row, and its gradient. */
function crossEntropy(op: OpContext, sparse: boolean): readonly Typed[] {
  const logits = op.ranked(0, 2);
  const labels = sparse ? [op.ranked(1, 1)[0] ?? UNKNOWN, UNKNOWN] : op.ranked(1, 2);
  const dims = sparse ? [op.same(logits[0], labels[0], 'rows'), logits[1] ?? UNKNOWN] : broadcastInputs(op);
  return [
    { dtype: op.dtype(), dims: dims?.slice(0, 1) ?? [UNKNOWN] },
    { dtype: op.dtype(), dims },
  ];
}

function nthElement(op: OpContext): readonly Typed[] {
  const dims = op.dims(0);
  if (dims?.length === 0) throw op.fail('needs a tensor of rank 1 or more');
  return [{ dtype: op.dtype(), dims: dims?.slice(0, -1) ?? null }];
}

export const reduction: InferTable = {
  ...each('Sum Mean Prod Max Min EuclideanNorm', (op) => [{ dtype: op.dtype(), dims: reducedDims(op) }]),
  ...each('All Any', (op) => [{ dtype: 'bool', dims: reducedDims(op) }]),
  ...each('ArgMax ArgMin', argExtreme),
  ...each('Softmax LogSoftmax', alongLast),
  ...each('Cumsum Cumprod CumulativeLogsumexp', cumulative),
  SoftmaxCrossEntropyWithLogits: (op) => crossEntropy(op, false),
  SparseSoftmaxCrossEntropyWithLogits: (op) => crossEntropy(op, true),
  NthElement: nthElement,
  HistogramFixedWidth: (op) => [{ dtype: op.attrs.dtype('dtype', 'int32'), dims: [op.int(2) ?? UNKNOWN] }],
  L2Loss: (op) => [{ dtype: op.dtype(), dims: [] }],
  TopK: (op) => topK(op, op.attrs.int('k'), 'int32'),
  TopKV2: (op) => topK(op, op.int(1), op.attrs.dtype('index_type', 'int32')),
  ...each('InTopK InTopKV2', (op) => [{ dtype: 'bool', dims: op.dims(1) }]),
};

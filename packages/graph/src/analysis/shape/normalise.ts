/** Normalisations: batch norm in its three versions, local response normalisation. */
import { UNKNOWN } from '../dims.ts';
import type { Typed } from '../facts.ts';
import { each, type InferTable, type OpContext } from '../op-context.ts';

/** Outputs: y, then mean, variance and two (in V3 three) reserved tensors, each with one element for each channel. */
function fusedBatchNorm(op: OpContext): readonly Typed[] {
  const dims = op.dims(0);
  const format = op.attrs.string('data_format', 'NHWC');
  const rank = dims?.length ?? 4;
  if (rank < 4 || rank > 5) throw op.fail(`needs an input of rank 4 or 5, not ${rank}`);
  const axis = format.startsWith('NC') ? 1 : rank - 1;
  const parameters = [1, 2, 3, 4].map((i) => parameter(op, i));
  const channels = parameters.reduce(
    (known, size) => (size === 0 ? known : op.same(known, size, 'channels')),
    dims?.[axis] ?? UNKNOWN,
  );
  const dtype = op.dtype('U', 1);
  const statistics: Typed = { dtype, dims: [channels] };
  const reserved = op.node.op === 'FusedBatchNormV3' ? [{ dtype, dims: null }] : [];
  const y: Typed = { dtype: op.dtype(), dims: dims?.with(axis, channels) ?? null };
  return [y, statistics, statistics, statistics, statistics, ...reserved];
}

/** Elements of a parameter; mean and variance are empty while training. */
function parameter(op: OpContext, i: number): number {
  return op.ranked(i, 1)[0] ?? UNKNOWN;
}

export const normalise: InferTable = {
  ...each('FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3', fusedBatchNorm),
  LRN: (op) => [{ dtype: op.dtype(), dims: op.ranked(0, 4) }],
};

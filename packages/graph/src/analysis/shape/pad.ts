/** Ops that add elements around or repeat them: the pads, Tile, BroadcastTo. */
import { broadcast, formatDims, UNKNOWN, unknownDims } from '../dims.ts';
import { dimOf, type Typed } from '../facts.ts';
import { each, type InferTable, type OpContext } from '../op-context.ts';

/** Paddings [rank, 2] as a flat list; undefined where a feed decides them. Throws INVALID_ARGUMENT for another shape. */
export function paddingsOf(op: OpContext, i: number): readonly number[] | undefined {
  const { dims, constant } = op.input(i);
  if (dims !== null && (dims.length !== 2 || (dims[1] !== 2 && (dims[1] ?? 0) >= 0))) {
    throw op.fail(`needs paddings of shape [rank, 2], not ${formatDims(dims)}`);
  }
  return constant === undefined ? undefined : Array.from(constant.data as ArrayLike<number | bigint>, Number);
}

function pad(op: OpContext): readonly Typed[] {
  const dims = op.dims(0);
  const paddings = paddingsOf(op, 1);
  const rank = dims?.length ?? (paddings && paddings.length / 2);
  if (rank === undefined) return [{ dtype: op.dtype(), dims: null }];
  if (paddings === undefined) return [{ dtype: op.dtype(), dims: unknownDims(rank) }];
  if (paddings.length !== 2 * rank) throw op.fail(`pads ${paddings.length / 2} dimensions of ${formatDims(dims)}`);
  return [{ dtype: op.dtype(), dims: (dims ?? unknownDims(rank)).map((dim, i) => padded(op, dim, paddings, i)) }];
}

function padded(op: OpContext, dim: number, paddings: readonly number[], axis: number): number {
  const [before = 0, after = 0] = [paddings[2 * axis], paddings[2 * axis + 1]];
  if (before < 0 || after < 0) throw op.fail(`pads dimension ${axis} by ${before} and ${after}`);
  if (op.node.op === 'MirrorPad') checkMirror(op, dim, Math.max(before, after), axis);
  if (dim < 0) return before + after === 0 ? dim : UNKNOWN;
  return dim + before + after;
}

/** A mirror cannot show more than there is: the edge itself counts only in SYMMETRIC mode. */
function checkMirror(op: OpContext, dim: number, padding: number, axis: number): void {
  const most = op.attrs.string('mode') === 'SYMMETRIC' ? dim : dim - 1;
  if (dim >= 0 && padding > most && padding > 0)
    throw op.fail(`mirrors ${padding} elements of dimension ${axis}, which has ${dim}`);
}

function tile(op: OpContext): readonly Typed[] {
  const [dims, multiples] = [op.dims(0), op.shapeArgument(1)];
  if (dims === null || multiples === null) return [{ dtype: op.dtype(), dims: dims && unknownDims(dims.length) }];
  if (dims.length !== multiples.length) throw op.fail(`repeats ${multiples.length} dimensions of ${formatDims(dims)}`);
  return [{ dtype: op.dtype(), dims: dims.map((dim, i) => times(dim, multiples[i] ?? UNKNOWN)) }];
}

function times(dim: number, multiple: number): number {
  if (dim === 0 || multiple === 1) return dim;
  if (multiple === 0 || dim === 1) return multiple;
  return dim < 0 || multiple < 0 ? UNKNOWN : dim * multiple;
}

function broadcastTo(op: OpContext): readonly Typed[] {
  const elements = op.elements(1);
  const dims = op.dims(0);
  if (elements === undefined) return [{ dtype: op.dtype(), dims: null }];
  const target = op.shapeArgument(1) ?? elements.map(dimOf);
  if (dims !== null && (dims.length > target.length || broadcast(dims, target) === undefined)) {
    throw op.fail(`cannot broadcast ${formatDims(dims)} to ${formatDims(target)}`);
  }
  return [{ dtype: op.dtype(), dims: target }];
}

export const padding: InferTable = {
  ...each('Pad PadV2 MirrorPad', pad),
  Tile: tile,
  BroadcastTo: broadcastTo,
};

/** Ops that choose elements: Slice, StridedSlice, Gather and its kin, Where, Reverse. */
import { type Dims, formatDims, UNKNOWN, unknownDims } from '../dims.ts';
import { dimOf, type Typed } from '../facts.ts';
import { each, type InferTable, type OpContext } from '../op-context.ts';
import { denseSlices } from '../strided-slice.ts';

function slice(op: OpContext): readonly Typed[] {
  const dtype = op.dtype();
  const [dims, begin, size] = [op.dims(0), op.elements(1), op.elements(2)];
  if (dims === null)
    return [{ dtype, dims: size === undefined ? null : size.map((part) => Math.max(dimOf(part), UNKNOWN)) }];
  if (begin === undefined || size === undefined) return [{ dtype, dims: unknownDims(dims.length) }];
  if (begin.length !== dims.length || size.length !== dims.length)
    throw op.fail(`slices ${begin.length} dimensions of ${formatDims(dims)}`);
  return [{ dtype, dims: dims.map((dim, i) => sliced(op, dim, dimOfStart(begin[i]), size[i])) }];
}

function dimOfStart(element: unknown): number | undefined {
  return typeof element === 'number' ? element : undefined;
}

/** Size -1 is all that is left after `begin`. */
function sliced(op: OpContext, dim: number, begin: number | undefined, size: unknown): number {
  if (begin !== undefined && (begin < 0 || (dim >= 0 && begin > dim))) throw op.fail(`begins at ${begin} of ${dim}`);
  if (size === -1) return begin === 0 ? dim : begin === undefined || dim < 0 ? UNKNOWN : dim - begin;
  if (typeof size !== 'number') return typeof size === 'object' ? dimOf(size as { name: number }) : UNKNOWN;
  if (size < 0 || (dim >= 0 && size + (begin ?? 0) > dim))
    throw op.fail(`takes ${size} elements of ${dim} from ${begin ?? 0}`);
  return size;
}

function stridedSlice(op: OpContext): readonly Typed[] {
  const slices = denseSlices(op);
  const dims = slices?.flatMap((part) => (part.kind === 'index' ? [] : [part.kind === 'new' ? 1 : part.count]));
  return [{ dtype: op.dtype(), dims: dims ?? null }];
}

/** Rows of `params` along an axis; the first `batch_dims` dimensions of params and indices go together. */
function gather(op: OpContext, axis: number | undefined): readonly Typed[] {
  const dtype = op.dtype('Tparams');
  const [params, indices] = [op.dims(0), op.dims(1)];
  if (params === null || indices === null) return [{ dtype, dims: null }];
  if (params.length === 0) throw op.fail('gathers from a scalar');
  const batch = op.attrs.int('batch_dims', 0);
  const shared = batch < 0 ? batch + indices.length : batch;
  if (shared < 0 || shared > indices.length)
    throw op.fail(`has batch_dims ${batch} for indices of ${formatDims(indices)}`);
  if (axis === undefined) return [{ dtype, dims: unknownDims(params.length + indices.length - 1 - shared) }];
  const at = op.axis(axis, params.length);
  if (at < shared) throw op.fail(`has batch_dims ${batch} beyond its axis ${at}`);
  const lead = params.slice(0, at).map((dim, i) => (i < shared ? op.same(dim, indices[i], 'batch dimensions') : dim));
  return [{ dtype, dims: [...lead, ...indices.slice(shared), ...params.slice(at + 1)] }];
}

/** The last dimension of the indices holds the leading coordinates in `params`. */
function gatherNd(op: OpContext): readonly Typed[] {
  const dtype = op.dtype('Tparams');
  const [params, indices] = [op.dims(0), op.dims(1)];
  const depth = indices?.at(-1);
  if (params === null || indices === null || depth === undefined || depth < 0) return [{ dtype, dims: null }];
  if (depth > params.length) throw op.fail(`has ${depth} coordinates for ${formatDims(params)}`);
  return [{ dtype, dims: [...indices.slice(0, -1), ...params.slice(depth)] }];
}

/** Coordinates of the true elements: their number is known only in a run. */
function where(op: OpContext): readonly Typed[] {
  return [{ dtype: 'int64', dims: [UNKNOWN, op.dims(0)?.length ?? UNKNOWN] }];
}

function unchanged(op: OpContext): readonly Typed[] {
  return [{ dtype: op.dtype(), dims: op.dims(0) }];
}

function reverse(op: OpContext): readonly Typed[] {
  const dims = op.dims(0);
  if (dims !== null) for (const axis of op.ints(1) ?? []) op.axis(axis, dims.length);
  return unchanged(op);
}

/** The shape of the result is an input. */
function scatterNd(op: OpContext): readonly Typed[] {
  return [{ dtype: op.dtype('T', 1), dims: op.shapeArgument(2) }];
}

function segments(op: OpContext, count: number): readonly Typed[] {
  const [data, ids]: readonly Dims[] = [op.dims(0), op.dims(1)];
  if (data === undefined || data === null || ids === undefined || ids === null)
    return [{ dtype: op.dtype(), dims: null }];
  return [{ dtype: op.dtype(), dims: [count, ...data.slice(ids.length)] }];
}

export const selecting: InferTable = {
  Slice: slice,
  StridedSlice: stridedSlice,
  Gather: (op) => gather(op, 0),
  GatherV2: (op) => gather(op, op.int(2)),
  GatherNd: gatherNd,
  Where: where,
  ReverseV2: reverse,
  ...each(
    'Reverse ReverseSequence Roll InvertPermutation MatrixBandPart MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3',
    unchanged,
  ),
  ...each('TensorScatterUpdate TensorScatterAdd TensorScatterSub TensorScatterMax TensorScatterMin', unchanged),
  ScatterNd: scatterNd,
  ...each('SegmentSum SegmentMean SegmentMax SegmentMin SegmentProd', (op) => segments(op, UNKNOWN)),
  ...each('UnsortedSegmentSum UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd', (op) =>
    segments(op, op.count(2)),
  ),
};

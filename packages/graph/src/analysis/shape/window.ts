/**
 * Ops that slide a window over the spatial dimensions: convolutions and pools of two and three dimensions.
 * Source of the sizes: TensorFlow's `core/framework/kernel_shape_util.cc`.
 */
import { isNamed, product, UNKNOWN } from '../dims.ts';
import type { Typed } from '../facts.ts';
import { each, type InferTable, type OpContext } from '../op-context.ts';

/** Where batch, channels and the spatial dimensions stand. */
interface Layout {
  readonly rank: number;
  readonly channel: number;
  readonly spatial: readonly number[];
}

function layoutOf(op: OpContext, rank: number): Layout {
  const format = op.attrs.string('data_format', rank === 4 ? 'NHWC' : 'NDHWC');
  const [first, last] = rank === 4 ? ['NCHW', 'NHWC'] : ['NCDHW', 'NDHWC'];
  if (format !== first && format !== last) throw op.fail(`has data format ${format}; ${last} and ${first} are known`);
  const spatial = Array.from({ length: rank - 2 }, (_, i) => i + (format === first ? 2 : 1));
  return { rank, channel: format === first ? 1 : rank - 1, spatial };
}

/** One entry for each dimension of the input; a single number stands for all spatial ones. */
function perDimension(op: OpContext, name: string, { rank }: Layout, fallback?: readonly number[]): readonly number[] {
  const values = op.attrs.ints(name, fallback);
  if (values.length !== rank || values.some((value) => value < 1)) throw op.fail(`has ${name} [${values.join(', ')}]`);
  return values;
}

/** How a window of `size` (dilated) moves over a dimension: the number of places it stands at. */
function places(op: OpContext, dim: number, size: number, stride: number, axis: number): number {
  const padding = op.attrs.string('padding');
  if (padding === 'SAME') return dim >= 0 ? Math.ceil(dim / stride) : stride === 1 ? dim : UNKNOWN;
  const added = padding === 'EXPLICIT' ? explicitPadding(op, axis) : 0;
  if (padding !== 'VALID' && padding !== 'EXPLICIT') throw op.fail(`has padding ${padding}`);
  if (size === 1 && stride === 1 && added === 0) return dim;
  if (dim < 0 || size < 0) return UNKNOWN;
  if (dim + added < size) throw op.fail(`has a window of ${size} over ${dim + added} elements`);
  return Math.floor((dim + added - size) / stride) + 1;
}

function explicitPadding(op: OpContext, axis: number): number {
  const paddings = op.attrs.ints('explicit_paddings');
  return (paddings[2 * axis] ?? 0) + (paddings[2 * axis + 1] ?? 0);
}

function dilated(size: number, dilation: number): number {
  return size < 0 ? UNKNOWN : (size - 1) * dilation + 1;
}

/** Input [batch, spatial..., channels], filter [spatial..., in, out]; `in` divides the channels (groups). */
function convolution(op: OpContext, rank: number): readonly Typed[] {
  const layout = layoutOf(op, rank);
  const [input, filter] = [op.ranked(0, rank), op.ranked(1, rank)];
  const [channels = UNKNOWN, depth = UNKNOWN, out = UNKNOWN] = [
    input[layout.channel],
    filter[rank - 2],
    filter[rank - 1],
  ];
  if (channels >= 0 && depth >= 0 && (depth === 0 || channels % depth !== 0)) {
    throw op.fail(`has ${channels} channels for a filter that takes ${depth}`);
  }
  return [{ dtype: op.dtype(), dims: slide(op, layout, input, filter, out) }];
}

/** Input [batch, rows, columns, channels], filter [rows, columns, channels, multiplier]. */
function depthwise(op: OpContext): readonly Typed[] {
  const layout = layoutOf(op, 4);
  const [input, filter] = [op.ranked(0, 4), op.ranked(1, 4)];
  const channels = op.same(input[layout.channel], filter[2], 'channels');
  const multiplier = filter[3] ?? UNKNOWN;
  const out = channels < 0 || multiplier < 0 ? UNKNOWN : channels * multiplier;
  return [{ dtype: op.dtype(), dims: slide(op, layout, input, filter, out) }];
}

function slide(
  op: OpContext,
  layout: Layout,
  input: readonly number[],
  filter: readonly number[],
  out: number,
): readonly number[] {
  const strides = perDimension(op, 'strides', layout);
  const dilations = perDimension(op, 'dilations', layout, new Array<number>(layout.rank).fill(1));
  const dims = [...input];
  layout.spatial.forEach((axis, i) => {
    const size = dilated(filter[i] ?? UNKNOWN, dilations[axis] ?? 1);
    dims[axis] = places(op, input[axis] ?? UNKNOWN, size, strides[axis] ?? 1, axis);
  });
  dims[layout.channel] = out;
  return dims;
}

/** The transposed convolution is told the shape it results in; its batch and channels also follow from the inputs. */
function transposed(op: OpContext, rank: number): readonly Typed[] {
  const layout = layoutOf(op, rank);
  const [filter, gradient] = [op.ranked(1, rank), op.ranked(2, rank)];
  const stated = op.shapeArgument(0);
  const spatialOnly = stated?.length === rank - 2;
  if (stated !== null && stated.length !== rank && !spatialOnly)
    throw op.fail(`is told ${stated.length} sizes for rank ${rank}`);
  op.same(gradient[layout.channel], filter[rank - 1], 'channels');
  const dims = spatialOnly || stated === null ? new Array<number>(rank).fill(UNKNOWN) : [...stated];
  layout.spatial.forEach((axis, i) => {
    if (spatialOnly) dims[axis] = stated[i] ?? UNKNOWN;
  });
  dims[0] = op.same(dims[0], gradient[0], 'batches');
  dims[layout.channel] = op.same(dims[layout.channel], filter[rank - 2], 'channels');
  return [{ dtype: op.dtype(), dims }];
}

function pool(op: OpContext, rank: number): readonly number[] {
  const layout = layoutOf(op, rank);
  return poolWith(op, layout, perDimension(op, 'ksize', layout), perDimension(op, 'strides', layout));
}

/** Pools may slide over the channels too, and in principle over the batch. */
function poolWith(
  op: OpContext,
  { rank }: Layout,
  sizes: readonly number[],
  strides: readonly number[],
): readonly number[] {
  return op.ranked(0, rank).map((dim, axis) => {
    const [size = 1, stride = 1] = [sizes[axis], strides[axis]];
    return size === 1 && stride === 1 && isNamed(dim) ? dim : places(op, dim, size, stride, axis);
  });
}

/** MaxPoolV2 takes window and strides as inputs. */
function maxPoolV2(op: OpContext): readonly Typed[] {
  const layout = layoutOf(op, 4);
  const [sizes, strides] = [op.ints(1), op.ints(2)];
  const known = sizes !== undefined && strides !== undefined;
  const dims = known ? poolWith(op, layout, sizes, strides) : new Array<number>(4).fill(UNKNOWN);
  return [{ dtype: op.dtype(), dims }];
}

function maxPoolWithArgmax(op: OpContext): readonly Typed[] {
  const dims = pool(op, 4);
  return [
    { dtype: op.dtype(), dims },
    { dtype: op.attrs.dtype('Targmax', 'int64'), dims },
  ];
}

/** Patches [batch, places..., elements of each]. */
function patches(op: OpContext, rank: number): readonly Typed[] {
  const dims = op.ranked(0, rank);
  const list = (name: string): readonly number[] => op.attrs.ints(name, new Array<number>(rank).fill(1));
  const [sizes, strides, rates] = [list('ksizes'), list('strides'), list('rates')];
  const depth = product([...sizes.slice(1, -1), dims.at(-1) ?? UNKNOWN]);
  const spatial = dims
    .slice(1, -1)
    .map((dim, i) => places(op, dim, dilated(sizes[i + 1] ?? 1, rates[i + 1] ?? 1), strides[i + 1] ?? 1, i + 1));
  return [{ dtype: op.dtype(), dims: [dims[0] ?? UNKNOWN, ...spatial, depth] }];
}

/** Images, and a filter [rows, columns, channels]. */
function dilation(op: OpContext): readonly Typed[] {
  const [images, filter] = [op.ranked(0, 4), op.ranked(1, 3)];
  const [strides, rates] = [op.attrs.ints('strides'), op.attrs.ints('rates')];
  const dims = images.map((dim, axis) => {
    if (axis === 0) return dim;
    if (axis === 3) return op.same(dim, filter[2], 'channels');
    return places(op, dim, dilated(filter[axis - 1] ?? UNKNOWN, rates[axis] ?? 1), strides[axis] ?? 1, axis);
  });
  return [{ dtype: op.dtype(), dims }];
}

export const window: InferTable = {
  Conv2D: (op) => convolution(op, 4),
  Conv3D: (op) => convolution(op, 5),
  DepthwiseConv2dNative: depthwise,
  Conv2DBackpropInput: (op) => transposed(op, 4),
  Conv3DBackpropInputV2: (op) => transposed(op, 5),
  ...each('AvgPool MaxPool', (op) => [{ dtype: op.dtype(), dims: pool(op, 4) }]),
  ...each('AvgPool3D MaxPool3D', (op) => [{ dtype: op.dtype(), dims: pool(op, 5) }]),
  MaxPoolV2: maxPoolV2,
  MaxPoolWithArgmax: maxPoolWithArgmax,
  ExtractImagePatches: (op) => patches(op, 4),
  ExtractVolumePatches: (op) => patches(op, 5),
  Dilation2D: dilation,
};

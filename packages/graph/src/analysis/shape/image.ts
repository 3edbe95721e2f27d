/** Ops on images [batch, rows, columns, channels]: resizing, cropping, and moving blocks between space and depth or batch. */
import type { DType } from '../../dtype.ts';
import { formatDims, UNKNOWN, unknownDims } from '../dims.ts';
import type { Typed } from '../facts.ts';
import { each, type InferTable, type OpContext } from '../op-context.ts';
import { paddingsOf } from './pad.ts';

function resized(op: OpContext, dtype: DType): readonly Typed[] {
  const [batch = UNKNOWN, , , channels = UNKNOWN] = op.ranked(0, 4);
  const size = op.shapeArgument(1);
  if (size !== null && size.length !== 2) throw op.fail(`is told ${size.length} sizes`);
  return [{ dtype, dims: [batch, size?.[0] ?? UNKNOWN, size?.[1] ?? UNKNOWN, channels] }];
}

/** Crops `boxes` [n, 4] out of the images. */
function cropAndResize(op: OpContext): readonly Typed[] {
  const channels = op.ranked(0, 4)[3] ?? UNKNOWN;
  const count = op.same(op.ranked(1, 2)[0], op.ranked(2, 1)[0], 'boxes');
  const size = op.shapeArgument(3);
  return [{ dtype: 'float32', dims: [count, size?.[0] ?? UNKNOWN, size?.[1] ?? UNKNOWN, channels] }];
}

/** Images [n, rows, columns, channels] as seen from elsewhere. */
function projected(op: OpContext): readonly Typed[] {
  const [count = UNKNOWN, , , channels = UNKNOWN] = op.ranked(0, 4);
  const size = op.shapeArgument(2);
  return [{ dtype: op.dtype('dtype'), dims: [count, size?.[0] ?? UNKNOWN, size?.[1] ?? UNKNOWN, channels] }];
}

/** Rows, columns and channels of [batch, rows, columns, channels] or of [batch, channels, rows, columns]. */
function axesOf(op: OpContext): { readonly spatial: readonly [number, number]; readonly channel: number } {
  const format = op.attrs.string('data_format', 'NHWC');
  if (format !== 'NHWC' && format !== 'NCHW') throw op.fail(`has data format ${format}; NHWC and NCHW are known`);
  return format === 'NHWC' ? { spatial: [1, 2], channel: 3 } : { spatial: [2, 3], channel: 1 };
}

function spaceToDepth(op: OpContext): readonly Typed[] {
  const block = op.attrs.int('block_size');
  const { spatial, channel } = axesOf(op);
  const dims = op.ranked(0, 4).map((dim, axis) => {
    if (axis === channel) return scaled(dim, block * block);
    return spatial.includes(axis) ? divided(op, dim, block, axis) : dim;
  });
  return [{ dtype: op.dtype(), dims }];
}

function depthToSpace(op: OpContext): readonly Typed[] {
  const block = op.attrs.int('block_size');
  const { spatial, channel } = axesOf(op);
  const dims = op.ranked(0, 4).map((dim, axis) => {
    if (axis === channel) return divided(op, dim, block * block, axis);
    return spatial.includes(axis) ? scaled(dim, block) : dim;
  });
  return [{ dtype: op.dtype(), dims }];
}

function scaled(dim: number, factor: number): number {
  if (factor === 1) return dim;
  return dim < 0 ? UNKNOWN : dim * factor;
}

function divided(op: OpContext, dim: number, divisor: number, axis: number): number {
  if (divisor === 1) return dim;
  if (dim < 0) return UNKNOWN;
  if (divisor < 1 || dim % divisor !== 0) throw op.fail(`divides dimension ${axis} of size ${dim} by ${divisor}`);
  return dim / divisor;
}

/** Input, block shape [n], paddings [n, 2]: blocks of the padded dimensions 1..n go into the batch. */
function spaceToBatch(op: OpContext): readonly Typed[] {
  return blocks(
    op,
    (dim, block, before, after, axis) => (dim < 0 ? UNKNOWN : divided(op, dim + before + after, block, axis)),
    scaled,
  );
}

/** The reverse: the batch gives its blocks back, then the crops are cut off. */
function batchToSpace(op: OpContext): readonly Typed[] {
  const crop = (dim: number, block: number, before: number, after: number, axis: number): number => {
    if (dim < 0) return UNKNOWN;
    if (dim * block < before + after)
      throw op.fail(`crops ${before + after} of ${dim * block} elements in dimension ${axis}`);
    return dim * block - before - after;
  };
  return blocks(op, crop, (batch, count) => divided(op, batch, count, 0));
}

type Resize = (dim: number, block: number, before: number, after: number, axis: number) => number;

/** The block's shape is input 1; the ops of old have an attribute instead, and one size for both dimensions. */
function blocks(
  op: OpContext,
  resize: Resize,
  batchOf: (batch: number, blockSize: number) => number,
): readonly Typed[] {
  const size = op.attrs.int('block_size', 0);
  const block = size === 0 ? op.ints(1) : [size, size];
  const [dims, paddings] = [op.dims(0), paddingsOf(op, op.inputs.length - 1)];
  if (dims === null) return [{ dtype: op.dtype(), dims }];
  if (block === undefined || paddings === undefined) return [{ dtype: op.dtype(), dims: unknownDims(dims.length) }];
  if (dims.length <= block.length || paddings.length !== 2 * block.length || block.some((size) => size < 1)) {
    throw op.fail(`moves blocks of [${block.join(', ')}] in ${formatDims(dims)}`);
  }
  const out = dims.map((dim, axis) => {
    const size = axis === 0 ? undefined : block[axis - 1];
    return size === undefined ? dim : resize(dim, size, paddings[2 * axis - 2] ?? 0, paddings[2 * axis - 1] ?? 0, axis);
  });
  const count = block.reduce((total, size) => total * size, 1);
  return [{ dtype: op.dtype(), dims: out.with(0, batchOf(dims[0] ?? UNKNOWN, count)) }];
}

export const image: InferTable = {
  ...each('ResizeBilinear ResizeBicubic ResizeArea ScaleAndTranslate', (op) => resized(op, 'float32')),
  ResizeNearestNeighbor: (op) => resized(op, op.dtype()),
  CropAndResize: cropAndResize,
  ...each('ImageProjectiveTransformV2 ImageProjectiveTransformV3', projected),
  SpaceToDepth: spaceToDepth,
  DepthToSpace: depthToSpace,
  ...each('SpaceToBatch SpaceToBatchND', spaceToBatch),
  ...each('BatchToSpace BatchToSpaceND', batchToSpace),
};

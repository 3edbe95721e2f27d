/** Resizing of images. */

import type { Value } from '../../onnx-graph.ts';
import type { Lower, Lowering } from '../lowering.ts';
import { asInt64, cast, ints, reshape, run, shapeOf } from './common.ts';
import { channelsFirstShape, fromChannelsFirst, IMAGES, toChannelsFirst } from './window.ts';

/** How TensorFlow maps a pixel of the result to the image, in ONNX's words. */
function coordinates(l: Lowering): string {
  if (l.attrs.bool('align_corners', false)) return 'align_corners';
  return l.attrs.bool('half_pixel_centers', false) ? 'half_pixel' : 'asymmetric';
}

function resized(
  l: Lowering,
  value: Value,
  dtype: 'float32' | ReturnType<Lowering['dtype']>,
  attrs: Record<string, string>,
): Value {
  const x = toChannelsFirst(l, value, IMAGES);
  const sizes = l.emit('Concat', [front(l, x), size(l)], { axis: 0 }, { dtype: 'int64', shape: [4] });
  const options = { attrs, extra: ['', '', sizes], shape: channelsFirstShape(l, IMAGES) };
  return fromChannelsFirst(l, run(l, 'Resize', [x], dtype, options), IMAGES);
}

/** Height and width. What is calculated is said to be two numbers, since the engine refuses a size of which it cannot tell that. */
function size(l: Lowering): Value {
  const value = asInt64(l, 1);
  return l.numbers(1) === undefined ? reshape(l, value, [2], 'int64') : value;
}

/** Batch and channels of an image with channels first. */
function front(l: Lowering, x: Value): Value {
  return l.emit('Slice', [shapeOf(l, x), ints(l, [0]), ints(l, [2])], {}, { dtype: 'int64', shape: [2] });
}

/** The result is float32 whatever the image is. */
function bilinear(l: Lowering): Value {
  const mode = coordinates(l);
  const value = cast(l, l.input(0), l.dtype(), 'float32');
  return resized(l, value, 'float32', { mode: 'linear', coordinate_transformation_mode: mode });
}

/** Down to the pixel on the left, but to the nearest where corners are aligned or centres are at halves. */
function nearest(l: Lowering): Value {
  const mode = coordinates(l);
  const nearest_mode = mode === 'asymmetric' ? 'floor' : 'round_prefer_ceil';
  return resized(l, l.input(0), l.dtype(), { mode: 'nearest', coordinate_transformation_mode: mode, nearest_mode });
}

export const IMAGE = {
  ResizeBilinear: bilinear,
  ResizeNearestNeighbor: nearest,
} satisfies Record<string, Lower>;

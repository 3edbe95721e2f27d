/** Windows that slide over an image: layouts, padding and the transpositions around ops that want channels first. */

import type { OnnxAttr, Value } from '../../onnx-graph.ts';
import type { Lowering } from '../lowering.ts';
import { range, transpose } from './common.ts';

export interface Layout {
  readonly channelsLast: boolean;
  /** Number of spatial dimensions: 2 for NHWC, 3 for NDHWC. */
  readonly spatial: number;
  /** Where the spatial dimensions are. */
  readonly axes: readonly number[];
  readonly channel: number;
}

export function layoutOf(l: Lowering, spatial: number, fallback: string): Layout {
  const format = l.attrs.string('data_format', fallback);
  const channelsLast = format.endsWith('C');
  if (!channelsLast && !format.startsWith('NC')) throw l.refuse(`data format ${format}`);
  if (format.length !== spatial + 2) throw l.refuse(`data format ${format}`);
  const first = channelsLast ? 1 : 2;
  return { channelsLast, spatial, axes: range(spatial).map((i) => i + first), channel: channelsLast ? spatial + 1 : 1 };
}

export function toChannelsFirst(l: Lowering, value: Value, { channelsLast, spatial }: Layout): Value {
  return channelsLast ? transpose(l, value, [0, spatial + 1, ...range(spatial).map((i) => i + 1)]) : value;
}

export function fromChannelsFirst(l: Lowering, value: Value, { channelsLast, spatial }: Layout): Value {
  return channelsLast ? transpose(l, value, [0, ...range(spatial).map((i) => i + 2), 1]) : value;
}

/** The shape of this node's result with channels first. */
export function channelsFirstShape(l: Lowering, { channelsLast, spatial }: Layout): readonly number[] | null {
  const shape = l.outType().shape;
  if (shape === null || !channelsLast) return shape;
  return [shape[0] ?? -1, shape[spatial + 1] ?? -1, ...shape.slice(1, spatial + 1)];
}

/** Four dimensions with channels last. */
export const IMAGES: Layout = { channelsLast: true, spatial: 2, axes: [1, 2], channel: 3 };

/** The entries of a list with one per dimension (strides, dilations) that belong to the spatial dimensions; the others must be 1. */
export function spatialOf(l: Lowering, list: readonly number[], { axes, spatial }: Layout, what: string): number[] {
  if (list.length !== spatial + 2) throw l.refuse(`${what} of ${list.length} numbers`);
  if (list.some((value, axis) => !axes.includes(axis) && value !== 1)) throw l.refuse(`${what} over batch or channels`);
  return axes.map((axis) => list[axis] ?? 1);
}

export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
}

/** Padding that the `padding` attribute asks for, as ONNX attributes. `sizes`: spatial dimensions of the input, -1 if unknown. */
export function padding(
  l: Lowering,
  window: Window,
  sizes: readonly number[],
  layout: Layout,
): Record<string, OnnxAttr> {
  const kind = l.attrs.string('padding');
  if (kind === 'VALID') return {};
  if (kind === 'EXPLICIT') return explicitPadding(l, layout);
  if (kind !== 'SAME') throw l.refuse(`padding ${kind}`);
  const totals = sizes.map((size, i) => sameTotal(size, window, i));
  if (totals.includes(undefined)) return { auto_pad: 'SAME_UPPER' };
  const before = totals.map((total) => Math.floor((total ?? 0) / 2));
  return { pads: [...before, ...totals.map((total, i) => (total ?? 0) - (before[i] ?? 0))] };
}

/**
 * TensorFlow's SAME (`GetWindowedOutputSizeVerbose`). It does not depend on the size with stride 1, and a window of up to two elements
 * is never padded in front: behind the image one more does no harm.
 */
function sameTotal(size: number, { kernel, strides, dilations }: Window, i: number): number | undefined {
  const stride = strides[i] ?? 1;
  const reach = ((kernel[i] ?? 1) - 1) * (dilations[i] ?? 1) + 1;
  if (stride === 1) return reach - 1;
  if (size < 0) return reach <= 2 ? reach - 1 : undefined;
  return Math.max((Math.ceil(size / stride) - 1) * stride + reach - size, 0);
}

function explicitPadding(l: Lowering, { axes, spatial }: Layout): Record<string, OnnxAttr> {
  const list = l.attrs.ints('explicit_paddings');
  if (list.length !== 2 * (spatial + 2)) throw l.refuse(`explicit padding of ${list.length} numbers`);
  return { pads: [...axes.map((axis) => list[2 * axis] ?? 0), ...axes.map((axis) => list[2 * axis + 1] ?? 0)] };
}

/** The spatial dimensions of input `i`, -1 where unknown. */
export function spatialSizes(l: Lowering, i: number, { axes }: Layout): number[] {
  const shape = l.shape(i);
  return axes.map((axis) => shape?.[axis] ?? -1);
}

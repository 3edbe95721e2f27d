/**
 * Which requests of different lengths are near enough to share a run: those whose lengths fall into one bucket, so that no row becomes more than
 * a quarter longer.
 */
import type { Tensor } from '@floe/graph/base';
import type { Padding } from '../core/padding.ts';

/** Lengths of a power of two are parted into so many buckets. */
const PARTS = 4;

/** The length that the padded axes of all inputs have in common; undefined where they do not. */
export function lengthOf(feeds: ReadonlyMap<string, Tensor>, { inputs }: Padding): number | undefined {
  let length: number | undefined;
  for (const [name, { axes }] of inputs)
    for (const axis of axes) {
      const dim = feeds.get(name)?.shape[axis];
      if (dim === undefined || dim === 0 || (length !== undefined && dim !== length)) return undefined;
      length = dim;
    }
  return length;
}

/** The longest that a request of this length may be filled up to: 1 to 8, 10, 12, 14, 16, 20, ... */
export function bucketOf(length: number): number {
  const step = Math.max(1, 2 ** Math.floor(Math.log2(length)) / PARTS);
  return Math.ceil(length / step) * step;
}

/** `shape` with `length` for each of the axes. */
export function withLength(shape: readonly number[], axes: readonly number[], length: number): readonly number[] {
  return shape.map((dim, axis) => (axes.includes(axis) ? length : dim));
}

/** Copies boxes between row-major tensors that are each a part of one larger tensor. */
import type { Slice } from '../source.ts';
import { sizeOf } from '../tensor.ts';

/** A box of a larger tensor with its elements. */
export interface Region {
  readonly box: Slice;
  readonly bytes: Uint8Array;
}

/** The box that two boxes share; undefined where they share none. */
export function intersect(a: Slice, b: Slice): Slice | undefined {
  const start = a.start.map((at, axis) => Math.max(at, b.start[axis] ?? 0));
  const length = start.map((at, axis) => Math.min(endOf(a, axis), endOf(b, axis)) - at);
  return length.some((size) => size <= 0) ? undefined : { start, length };
}

function endOf({ start, length }: Slice, axis: number): number {
  return (start[axis] ?? 0) + (length[axis] ?? 0);
}

export function sameBox(a: Slice, b: Slice): boolean {
  return a.start.every((at, axis) => at === b.start[axis]) && a.length.every((size, axis) => size === b.length[axis]);
}

/** Copies what `from` and `to` share, `width` bytes an element, and gives the number of elements. */
export function copyShared(from: Region, to: Region, width: number): number {
  const shared = intersect(from.box, to.box);
  if (shared === undefined) return 0;
  const row = (shared.length.at(-1) ?? 1) * width;
  const rows = sizeOf(shared.length.slice(0, -1));
  const index = shared.start.map(() => 0);
  for (let i = 0; i < rows; i++) {
    const source = offsetOf(from.box, shared, index) * width;
    to.bytes.set(from.bytes.subarray(source, source + row), offsetOf(to.box, shared, index) * width);
    advance(index, shared.length);
  }
  return sizeOf(shared.length);
}

/** Element offset, inside `box`, of the element at `index` of `shared`. */
function offsetOf(box: Slice, shared: Slice, index: readonly number[]): number {
  let offset = 0;
  for (let axis = 0; axis < index.length; axis++) {
    const at = (shared.start[axis] as number) + (index[axis] as number) - (box.start[axis] as number);
    offset = offset * (box.length[axis] as number) + at;
  }
  return offset;
}

/** The next row: counts up all axes but the last. */
function advance(index: number[], length: readonly number[]): void {
  for (let axis = index.length - 2; axis >= 0; axis--) {
    const next = (index[axis] as number) + 1;
    index[axis] = next < (length[axis] as number) ? next : 0;
    if (index[axis] !== 0) return;
  }
}

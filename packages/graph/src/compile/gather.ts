/**
 * Reads elements through strides into a dense array: transposing and broadcasting of weights. Elements are moved as bits. Reading
 * along the target's innermost dimension jumps through the source, and reading along the source's jumps through the target; so a block of
 * both is moved at a time, small enough for the cache to hold the lines of either side.
 */
import type { NumericData } from '../tensor.ts';

/** Elements of 1, 2 or 4 bytes; larger ones are moved as several of 4. */
type Bits = Uint8Array | Uint16Array | Uint32Array;

const BLOCK = 32;

interface Axis {
  readonly size: number;
  /** Distance in the source between neighbours along this axis; 0 repeats. */
  readonly stride: number;
}

/** Sets element `[i, j, ...]` of a dense target to `source[i * strides[0] + j * strides[1] + ...]`; both have the same type. */
export function gather(
  source: NumericData,
  target: NumericData,
  shape: readonly number[],
  strides: readonly number[],
): void {
  const width = source.BYTES_PER_ELEMENT;
  const parts = Math.max(1, width / 4);
  const axes = shape.map((size, i) => ({ size, stride: (strides[i] ?? 0) * parts }));
  if (parts > 1) axes.push({ size: parts, stride: 1 });
  if (target.length > 0) move(bitsOf(source), bitsOf(target), coalesced(axes));
}

function bitsOf(data: NumericData): Bits {
  const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT: width } = data;
  if (width === 1) return new Uint8Array(buffer, byteOffset, byteLength);
  if (width === 2) return new Uint16Array(buffer, byteOffset, byteLength / 2);
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}

/** Fewer, longer axes that read the same elements in the same order. */
function coalesced(axes: readonly Axis[]): readonly Axis[] {
  const kept: Axis[] = [];
  for (const axis of axes) {
    if (axis.size === 1) continue;
    const last = kept.at(-1);
    if (last !== undefined && last.stride === axis.stride * axis.size)
      kept[kept.length - 1] = { size: last.size * axis.size, stride: axis.stride };
    else kept.push(axis);
  }
  return kept.length === 0 ? [{ size: 1, stride: 1 }] : kept;
}

/** The axis along which the source is read in blocks, and where it lies in the target. */
interface Blocked extends Axis {
  readonly step: number;
}

function move(source: Bits, target: Bits, axes: readonly Axis[]): void {
  const steps = denseStrides(axes);
  const inner = axes.at(-1) as Axis;
  const at = inner.stride === 1 ? -1 : axes.findIndex(({ stride }) => stride === 1);
  const blocked: Blocked = at < 0 ? { size: 1, stride: 0, step: 0 } : { ...(axes[at] as Axis), step: steps[at] ?? 0 };
  const outer = axes.flatMap((axis, i) =>
    i === at || i === axes.length - 1 ? [] : [{ ...axis, step: steps[i] ?? 0 }],
  );
  for (let first = 0; first < blocked.size; first += BLOCK) {
    const count = Math.min(BLOCK, blocked.size - first);
    each(outer, first * blocked.stride, first * blocked.step, (from, to) => {
      block(source, target, from, to, inner, blocked, count);
    });
  }
}

function denseStrides(axes: readonly Axis[]): readonly number[] {
  const steps = new Array<number>(axes.length).fill(1);
  for (let i = axes.length - 2; i >= 0; i--) steps[i] = (steps[i + 1] ?? 1) * (axes[i + 1]?.size ?? 1);
  return steps;
}

/** Calls `visit` with every place in source and target that the axes lead to, from the given ones on. */
function each(
  axes: readonly Blocked[],
  from: number,
  to: number,
  visit: (from: number, to: number) => void,
  depth = 0,
): void {
  const axis = axes[depth];
  if (axis === undefined) {
    visit(from, to);
    return;
  }
  for (let i = 0; i < axis.size; i++) each(axes, from + i * axis.stride, to + i * axis.step, visit, depth + 1);
}

/** Moves `count` runs of the innermost axis, neighbours along the blocked one. */
function block(
  source: Bits,
  target: Bits,
  from: number,
  to: number,
  { size, stride }: Axis,
  { stride: sideways, step }: Blocked,
  count: number,
): void {
  for (let first = 0; first < size; first += BLOCK) {
    const end = Math.min(size, first + BLOCK);
    for (let run = 0; run < count; run++) {
      let read = from + run * sideways + first * stride;
      const start = to + run * step;
      for (let i = first; i < end; i++) {
        target[start + i] = source[read] as number;
        read += stride;
      }
    }
  }
}

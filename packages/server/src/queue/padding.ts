/**
 * Rows of different lengths in one run: shorter ones are filled up to the longest, and what comes of them is cut to their own length again.
 */
import { arrayFor, FloeError, type NumericData, sizeOf, type Tensor } from '@floe/graph/base';
import { filled, type Padding } from '../core/padding.ts';
import { withLength } from './lengths.ts';
import { concatRows } from './split.ts';
import type { Feeds } from './work.ts';

/** One behind the other, each filled up to `length`: copied once. */
export function concatPadded(all: readonly Feeds[], { inputs }: Padding, length: number): Feeds {
  const names = [...(all[0]?.keys() ?? [])];
  return new Map(
    names.map((name) => {
      const tensors = all.flatMap((feeds) => feeds.get(name) ?? []);
      const padded = inputs.get(name);
      if (padded === undefined) return [name, concatRows(tensors)];
      return [name, padRows(tensors, padded.value, (tensor) => withLength(tensor.shape, padded.axes, length))];
    }),
  );
}

/** Results of a run of rows of length `from`, cut to `to`. Throws FAILED_PRECONDITION where they are not as long as the model was said to make them. */
export function cutResults(
  results: readonly Tensor[],
  fetches: readonly string[],
  { outputs }: Padding,
  from: number,
  to: number,
): readonly Tensor[] {
  return results.map((tensor, at) => {
    const name = fetches[at] ?? '';
    const axes = outputs.get(name) ?? [];
    const other = axes.find((axis) => tensor.shape[axis] !== from);
    if (other !== undefined)
      throw new FloeError(
        'FAILED_PRECONDITION',
        `axis ${other} of ${name} does not grow with the inputs, as declared`,
        {
          tensor: name,
        },
      );
    if (axes.length === 0 || from === to) return tensor;
    const shape = withLength(tensor.shape, axes, to);
    const data = new (arrayFor(tensor.dtype))(sizeOf(shape));
    copyBlock(tensor, data, shape, 0);
    return { dtype: tensor.dtype, shape, data };
  });
}

function padRows(tensors: readonly Tensor[], value: number, shapeOf: (one: Tensor) => readonly number[]): Tensor {
  const [{ dtype }] = tensors as [Tensor];
  const shapes = tensors.map(shapeOf);
  const rows = shapes.reduce((sum, [count = 0]) => sum + count, 0);
  const shape = [rows, ...(shapes[0] as readonly number[]).slice(1)];
  const data = filled(dtype, sizeOf(shape), value);
  let at = 0;
  tensors.forEach((tensor, i) => {
    copyBlock(tensor, data, shapes[i] as readonly number[], at);
    at += sizeOf(shapes[i] as readonly number[]);
  });
  return { dtype, shape, data };
}

/** Copies what a tensor and an array of `shape`, which begins at `offset` of `data`, have in common. */
function copyBlock(tensor: Tensor, data: NumericData, shape: readonly number[], offset: number): void {
  const source = tensor.data as Float32Array;
  // Typed arrays of one kind: their common type does not say so.
  const target = data as Float32Array;
  const last = shape.findLastIndex((dim, axis) => dim !== tensor.shape[axis]);
  const copy = (axis: number, from: number, to: number): void => {
    const own = sizeOf(tensor.shape.slice(axis + 1));
    const its = sizeOf(shape.slice(axis + 1));
    const count = Math.min(tensor.shape[axis] ?? 1, shape[axis] ?? 1);
    if (axis >= last) target.set(source.subarray(from, from + count * own), to);
    else for (let i = 0; i < count; i++) copy(axis + 1, from + i * own, to + i * its);
  };
  copy(0, 0, offset);
}

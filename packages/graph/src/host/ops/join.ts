/** Texts out of several elements. */
import { sizeOf, type Tensor } from '../../tensor.ts';
import type { HostOp, HostTable } from '../host-op.ts';
import { integersOf } from './elements.ts';

/** Elements along the axes, in the order in which these stand: the last one runs fastest. */
const reduceJoin: HostOp = (node, inputs) => {
  const strings = node.strings(inputs, 0);
  const { shape } = node.tensor(inputs, 0);
  const axes = integersOf(node.tensor(inputs, 1)).map((axis) => (axis < 0 ? axis + shape.length : axis));
  if (axes.some((axis) => shape[axis] === undefined)) throw node.fail(`has no axes [${axes}] in rank ${shape.length}`);
  const stays = (axis: number): boolean => !axes.includes(axis);
  const kept = [...shape.keys()].filter(stays);
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const places = (over: readonly number[]): readonly number[] =>
    over.reduce<readonly number[]>(
      (starts, axis) =>
        starts.flatMap((start) =>
          Array.from({ length: shape[axis] as number }, (_, i) => start + i * (strides[axis] as number)),
        ),
      [0],
    );
  const separator = node.node.attr.get('separator')?.s ?? new Uint8Array(0);
  const inner = places(axes);
  const data = places(kept).map((start) =>
    Buffer.concat(inner.flatMap((at, i) => [...(i === 0 ? [] : [separator]), strings[start + at] as Uint8Array])),
  );
  const keepDims = node.attrs.bool('keep_dims', false);
  const dims = keepDims ? shape.map((dim, axis) => (stays(axis) ? dim : 1)) : kept.map((axis) => shape[axis] as number);
  return [{ dtype: 'string', shape: dims, data }];
};

/** Of strings; the engine has that of numbers. */
const sparseToDense: HostOp = (node, inputs) => {
  const shape = integersOf(node.tensor(inputs, 1));
  const [missing] = node.strings(inputs, 3);
  if (missing === undefined) throw node.fail('has no default');
  const data = Array<Uint8Array>(sizeOf(shape)).fill(missing);
  const [values, places] = [node.strings(inputs, 2), placesOf(node.tensor(inputs, 0), shape.length)];
  for (const [i, place] of places.entries()) {
    if (place.some((at, axis) => at < 0 || at >= (shape[axis] as number)))
      throw node.fail(`has an index [${place}] outside of [${shape}]`);
    const at = place.reduce((sum, each, axis) => sum * (shape[axis] as number) + each, 0);
    data[at] = (values.length === 1 ? values[0] : values[i]) as Uint8Array;
  }
  return [{ dtype: 'string', shape, data }];
};

/** Indices may be a matrix, a vector of places in a vector, or one of these. */
function placesOf(indices: Tensor, rank: number): readonly (readonly number[])[] {
  const all = integersOf(indices);
  const width = indices.shape.length > 1 ? (indices.shape[1] as number) : rank;
  return Array.from({ length: width === 0 ? 0 : all.length / width }, (_, i) => all.slice(i * width, (i + 1) * width));
}

export const joining: HostTable = { ReduceJoin: reduceJoin };

/** Numbers do this in the engine. */
export const scattering: HostTable = { SparseToDense: sparseToDense };

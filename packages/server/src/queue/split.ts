/**
 * Tensors along dimension 0: rows taken out as a view, and put one behind the other with one copy.
 *
 *   concatRows([sliceRows(batch, 0, 8), sliceRows(batch, 8, 16)]) equals the first 16 rows of `batch`
 */
import { arrayFor, FloeError, type NumericData, type Tensor } from '@floe/graph/base';
import type { Feeds } from './work.ts';

/** Rows `from` (included) to `to` (not included): a view of the same memory, of strings a list of the same strings. */
export function sliceRows(tensor: Tensor, from: number, to: number): Tensor {
  const [count = 0, ...tail] = tensor.shape;
  if (from === 0 && to === count) return tensor;
  const width = count === 0 ? 0 : tensor.data.length / count;
  const { data } = tensor;
  const part = Array.isArray(data)
    ? data.slice(from * width, to * width)
    : (data as NumericData).subarray(from * width, to * width);
  return { dtype: tensor.dtype, shape: [to - from, ...tail], data: part };
}

/** Tensors of one dtype and row shape. Throws INTERNAL if they are not. */
export function concatRows(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  if (first === undefined) throw new FloeError('INTERNAL', 'there are no rows to put together');
  if (tensors.length === 1) return first;
  if (!tensors.every((tensor) => isAlike(tensor, first))) {
    throw new FloeError('INTERNAL', `rows of different shapes: ${tensors.map(({ shape }) => `[${shape}]`).join(', ')}`);
  }
  const count = tensors.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
  const shape = [count, ...first.shape.slice(1)];
  if (Array.isArray(first.data))
    return { dtype: first.dtype, shape, data: tensors.flatMap(({ data }) => data as Uint8Array[]) };
  return { dtype: first.dtype, shape, data: concatNumbers(tensors, first) };
}

export function sliceFeeds(feeds: Feeds, from: number, to: number): Feeds {
  return new Map([...feeds].map(([name, tensor]) => [name, sliceRows(tensor, from, to)]));
}

/** Feeds of the same names. */
export function concatFeeds(all: readonly Feeds[]): Feeds {
  const [first] = all;
  if (first === undefined || all.length === 1) return first ?? new Map();
  return new Map([...first.keys()].map((name) => [name, concatRows(all.flatMap((feeds) => feeds.get(name) ?? []))]));
}

/** Results of consecutive runs as those of one. */
export function concatResults(parts: readonly (readonly Tensor[])[]): readonly Tensor[] {
  const [first] = parts;
  if (first === undefined || parts.length === 1) return first ?? [];
  return first.map((_, output) => concatRows(parts.flatMap((part) => part[output] ?? [])));
}

/** True if each result has as many rows as went in; a graph that says otherwise is not what it was taken for. */
export function haveRows(results: readonly Tensor[], count: number): boolean {
  return results.every(({ shape }) => shape[0] === count);
}

function isAlike(a: Tensor, b: Tensor): boolean {
  return (
    a.dtype === b.dtype && a.shape.length === b.shape.length && a.shape.every((dim, i) => i === 0 || dim === b.shape[i])
  );
}

function concatNumbers(tensors: readonly Tensor[], first: Tensor): NumericData {
  const data = new (arrayFor(first.dtype))(tensors.reduce((sum, tensor) => sum + tensor.data.length, 0));
  let at = 0;
  for (const tensor of tensors) {
    // Typed arrays of one kind: their common type does not say so.
    (data as Float32Array).set(tensor.data as Float32Array, at);
    at += tensor.data.length;
  }
  return data;
}

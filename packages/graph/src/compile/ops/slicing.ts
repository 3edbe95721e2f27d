/** Ops that take parts of a tensor: slices, gathers, reversals. */

import type { Value } from '../../onnx-graph.ts';
import { kernelDtype } from '../kernels.ts';
import { each, type Lower, type Lowering } from '../lowering.ts';
import { asInt64, cast, choose, ints, placesOf, range, run, transpose, unsqueeze } from './common.ts';
import { stridedSlice } from './strided-slice.ts';

/** Stands for "to the end" in ONNX's Slice. */
export const END = 2 ** 62;

/** Inputs: value, begin, size (-1: all that follow). Whole dimensions are left out, so that the batch stays untouched. */
function slice(l: Lowering): Value {
  const [begin, size] = [l.numbers(1), l.numbers(2)];
  if (begin === undefined || size === undefined) return sliceAtRunTime(l);
  const shape = l.shape(0);
  const cut = range(begin.length).filter((i) => begin[i] !== 0 || (size[i] !== -1 && size[i] !== shape?.[i]));
  if (cut.length === 0) return l.input(0);
  const starts = cut.map((i) => begin[i] ?? 0);
  const ends = cut.map((i) => (size[i] === -1 ? END : (begin[i] ?? 0) + (size[i] ?? 0)));
  return l.emit('Slice', [l.input(0), ints(l, starts), ints(l, ends), ints(l, cut)], {}, l.outType());
}

function sliceAtRunTime(l: Lowering): Value {
  const axes = ints(l, range(l.rank(0)));
  const [starts, sizes] = [asInt64(l, 1), asInt64(l, 2)];
  const open = l.emit('Equal', [sizes, ints(l, [-1])], {}, { dtype: 'bool', shape: null });
  const sum = l.emit('Add', [starts, sizes], {}, { dtype: 'int64', shape: null });
  const ends = l.emit('Where', [open, ints(l, [END]), sum], {}, { dtype: 'int64', shape: null });
  return l.emit('Slice', [l.input(0), starts, ends, axes], {}, l.outType());
}

/** Inputs: params, indices, axis (0 without it). */
function gather(l: Lowering): Value {
  const stated = l.arity > 2 ? (l.needNumbers(2, 'the axis')[0] ?? 0) : 0;
  const axis = stated < 0 ? l.axis(stated, l.rank(0)) : stated;
  const batch = l.attrs.int('batch_dims', 0);
  if (batch === 0)
    return l.emit(
      'Gather',
      [l.input(0), placesOf(l, 1, l.dtype(1) === 'int32' ? 'int32' : 'int64')],
      { axis },
      l.outType(),
    );
  return batchedGather(l, axis, batch < 0 ? l.axis(batch, l.rank(1)) : batch);
}

/** GatherND keeps leading dimensions in step; the axis has to follow them, and the result's other dimensions go back. */
function batchedGather(l: Lowering, axis: number, batch: number): Value {
  const rank = l.rank(0);
  const gathered = l.rank(1) - batch;
  const between = range(axis - batch).map((i) => batch + i);
  const after = range(rank - axis - 1).map((i) => axis + 1 + i);
  const params = transpose(l, l.input(0), [...range(batch), axis, ...between, ...after]);
  const indices = unsqueeze(l, placesOf(l, 1), [l.rank(1)]);
  const out = l.emit('GatherND', [params, indices], { batch_dims: batch });
  // Now: batch, indices, between, after. Wanted: batch, between, indices, after.
  const perm = [
    ...range(batch),
    ...between.map((_, i) => batch + gathered + i),
    ...range(gathered).map((i) => batch + i),
    ...after.map((_, i) => batch + gathered + between.length + i),
  ];
  return transpose(l, out, perm);
}

function gatherNd(l: Lowering): Value {
  return l.emit('GatherND', [l.input(0), placesOf(l, 1)], { batch_dims: l.attrs.int('batch_dims', 0) }, l.outType());
}

function reverse(l: Lowering): Value {
  const rank = l.rank(0);
  const axes = l.needNumbers(1, 'the list of axes').map((axis) => l.axis(axis, rank));
  return reversed(l, l.input(0), axes);
}

export function reversed(l: Lowering, value: Value, axes: readonly number[]): Value {
  if (axes.length === 0) return value;
  const all = (number: number): Value =>
    ints(
      l,
      axes.map(() => number),
    );
  return l.emit('Slice', [value, all(END), all(-END), ints(l, axes), all(-1)], {}, l.outType());
}

/** Select's condition may be a vector that picks whole rows. */
function select(l: Lowering): Value {
  const rank = l.rank(1);
  const rows = l.rank(0) === 1 && rank > 1;
  const condition = rows
    ? unsqueeze(
        l,
        l.input(0),
        range(rank - 1).map((i) => i + 1),
      )
    : l.input(0);
  return choose(l, condition, l.input(1), l.input(2), l.dtype(1));
}

/** Pads as [before, after] for each dimension in TensorFlow, all befores and then all afters in ONNX. */
function padsOf(l: Lowering): Value {
  const pads = l.numbers(1);
  const stated = l.shape(1)?.[0] ?? -1;
  const rank = stated >= 0 ? stated : l.rank(0);
  const order = [...range(rank).map((i) => 2 * i), ...range(rank).map((i) => 2 * i + 1)];
  if (pads !== undefined)
    return ints(
      l,
      order.map((i) => pads[i] ?? 0),
    );
  const flat = l.emit('Reshape', [asInt64(l, 1), ints(l, [-1])], {}, { dtype: 'int64', shape: [2 * rank] });
  return l.emit('Gather', [flat, ints(l, order)], { axis: 0 }, { dtype: 'int64', shape: [2 * rank] });
}

function pad(l: Lowering): Value {
  const dtype = l.dtype();
  if (l.arity < 3) return run(l, 'Pad', [l.input(0)], dtype, { extra: [padsOf(l)] });
  const kernel = kernelDtype('Pad', dtype, l.opset);
  if (kernel === undefined) throw l.refuse(`the engine cannot pad ${dtype}`);
  const inputs = [cast(l, l.input(0), dtype, kernel), padsOf(l), cast(l, l.input(2), dtype, kernel)];
  return cast(l, l.emit('Pad', inputs, {}, { dtype: kernel, shape: l.outType().shape }), kernel, dtype);
}

function mirrorPad(l: Lowering): Value {
  const mode = l.attrs.string('mode');
  if (mode === 'REFLECT')
    return run(l, 'Pad', [l.input(0)], l.dtype(), { attrs: { mode: 'reflect' }, extra: [padsOf(l)] });
  return symmetricPad(l, l.needNumbers(1, 'the padding'));
}

/** Along one axis after the other: the first elements reversed, all, the last elements reversed. */
function symmetricPad(l: Lowering, pads: readonly number[]): Value {
  let value = l.input(0);
  for (let axis = 0; 2 * axis < pads.length; axis++) {
    const [before = 0, after = 0] = pads.slice(2 * axis);
    const part = (start: number, end: number): Value =>
      l.emit('Slice', [value, ints(l, [start]), ints(l, [end]), ints(l, [axis]), ints(l, [-1])]);
    const parts = [
      before > 0 ? [part(before - 1, -END)] : [],
      [value],
      after > 0 ? [part(END, -after - 1)] : [],
    ].flat();
    if (parts.length > 1) value = l.emit('Concat', parts, { axis }, l.outType());
  }
  return value;
}

export const SLICING = {
  Slice: slice,
  StridedSlice: stridedSlice,
  ...each('Gather GatherV2', gather),
  GatherNd: gatherNd,
  ReverseV2: reverse,
  Select: select,
  SelectV2: (l) => choose(l, l.input(0), l.input(1), l.input(2), l.dtype(1)),
  ...each('Pad PadV2', pad),
  MirrorPad: mirrorPad,
} satisfies Record<string, Lower>;

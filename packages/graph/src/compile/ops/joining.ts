/** Ops that put tensors together and take them apart. */

import type { Value } from '../../onnx-graph.ts';
import type { Lower, Lowering } from '../lowering.ts';
import { ints, squeeze, unsqueeze } from './common.ts';

function concat(l: Lowering, values: readonly Value[], axis: number): Value {
  return values.length === 1 ? (values[0] as Value) : l.emit('Concat', values, { axis }, l.outType());
}

/** ConcatV2 has its axis last, Concat first. */
function concatV2(l: Lowering): Value {
  const last = l.arity - 1;
  return joined(l, last, 0, last);
}

function concatV1(l: Lowering): Value {
  return joined(l, 0, 1, l.arity);
}

function joined(l: Lowering, axisInput: number, from: number, to: number): Value {
  const [axis = 0] = l.needNumbers(axisInput, 'the axis');
  const rank = l.outType().shape?.length;
  return concat(l, l.inputs(from, to), rank === undefined ? axis : l.axis(axis, rank));
}

function pack(l: Lowering): Value {
  const axis = l.attrs.int('axis', 0);
  const rank = l.outType().shape?.length;
  if (rank === undefined && axis < 0) throw l.refuse('the rank is unknown');
  const at = rank === undefined ? axis : l.axis(axis, rank);
  return concat(
    l,
    l.inputs().map((value) => unsqueeze(l, value, [at])),
    at,
  );
}

function unpack(l: Lowering): readonly Value[] {
  const count = l.count(l.attrs.int('num'), 'num');
  const axis = l.axis(l.attrs.int('axis', 0), l.rank(0));
  if (count === 0) return [];
  return split(l, l.input(0), axis, new Array<number>(count).fill(1)).map((part) => squeeze(l, part, [axis]));
}

function split(l: Lowering, value: Value, axis: number, sizes: readonly number[]): readonly Value[] {
  if (sizes.length === 1) return [value];
  const parts = l.emitMany('Split', [value, ints(l, sizes)], sizes.length, { axis });
  const { dtype = l.outType().dtype, shape = null } = l.graph.types.get(value) ?? {};
  parts.forEach((part, i) => {
    l.graph.types.set(part, { dtype, shape: shape?.with(axis, sizes[i] ?? -1) ?? null });
  });
  return parts;
}

/** Inputs: axis, value. */
function splitEven(l: Lowering): readonly Value[] {
  const count = l.count(l.attrs.int('num_split'), 'num_split');
  const rank = l.rank(1);
  const axis = l.axis(l.needNumbers(0, 'the axis')[0] ?? 0, rank);
  const size = l.shape(1)?.[axis] ?? -1;
  if (size >= 0) return split(l, l.input(1), axis, new Array<number>(count).fill(size / count));
  if (count === 1) return [l.input(1)];
  return l.emitMany('Split', [l.input(1)], count, l.opset >= 18 ? { axis, num_outputs: count } : { axis });
}

/** Inputs: value, sizes (one may be -1), axis. */
function splitSizes(l: Lowering): readonly Value[] {
  const axis = l.axis(l.needNumbers(2, 'the axis')[0] ?? 0, l.rank(0));
  const sizes = l.needNumbers(1, 'the list of sizes');
  const whole = l.shape(0)?.[axis] ?? -1;
  const stated = sizes.reduce((sum, size) => sum + Math.max(size, 0), 0);
  if (sizes.includes(-1) && whole < 0 && sizes.length > 1)
    throw l.refuse('one size is open and so is that of the tensor');
  return split(
    l,
    l.input(0),
    axis,
    sizes.map((size) => (size < 0 ? whole - stated : size)),
  );
}

export const JOINING = {
  ConcatV2: concatV2,
  Concat: concatV1,
  Pack: pack,
  Unpack: unpack,
  Split: splitEven,
  SplitV: splitSizes,
} satisfies Record<string, Lower>;

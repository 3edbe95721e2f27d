/** What the lowerings share: running an op in a dtype that the engine has, casts, shape vectors and layout changes. */
import { DTYPES, type DType } from '../../dtype.ts';
import { reshaped } from '../../late-tensor.ts';
import type { OnnxAttr, Value } from '../../onnx-graph.ts';
import type { Tensor } from '../../tensor.ts';
import { int64, scalarOf, toNumbers, transposed } from '../constant.ts';
import { kernelDtype } from '../kernels.ts';
import type { Lowering } from '../lowering.ts';

/** Larger than any dimension. */
const FAR = { int32: 2 ** 31 - 1, int64: 2 ** 62 } as const;

/** Casts a value; a no-op where the dtypes agree. */
export function cast(l: Lowering, value: Value, from: DType, to: DType): Value {
  if (from === to) return value;
  const shape = l.graph.types.get(value)?.shape ?? l.graph.constants.get(value)?.shape ?? null;
  return l.emit('Cast', [value], { to: DTYPES[to].onnx }, { dtype: to, shape });
}

export interface RunOptions {
  readonly attrs?: Record<string, OnnxAttr>;
  /** Inputs that follow and are not of the op's dtype, such as axes. */
  readonly extra?: readonly Value[];
  /** Dtype of the result where it is not that of the inputs. */
  readonly result?: DType;
  /** Shape of the result, where it is not that of the node. */
  readonly shape?: readonly number[] | null;
}

/** Emits an op on values of `dtype`, cast around where the engine has no kernel for it. Refuses what cannot be exact. */
export function run(l: Lowering, op: string, inputs: readonly Value[], dtype: DType, options: RunOptions = {}): Value {
  const kernel = kernelDtype(op, dtype, l.opset);
  if (kernel === undefined) throw l.refuse(`the engine has no exact ${op} for ${dtype}`);
  const shape = options.shape === undefined ? l.outType().shape : options.shape;
  const values = inputs.map((value) => cast(l, value, dtype, kernel));
  const out = l.emit(op, [...values, ...(options.extra ?? [])], options.attrs, {
    dtype: options.result ?? kernel,
    shape,
  });
  return options.result === undefined ? cast(l, out, kernel, dtype) : out;
}

/** A scalar constant of `dtype`; refuses dtypes that hold no plain numbers. */
export function scalar(l: Lowering, dtype: DType, value: number): Value {
  if (dtype === 'float16' || dtype === 'bfloat16') {
    return cast(l, l.fresh('constant', scalarOf('float32', value)), 'float32', dtype);
  }
  return l.fresh('constant', dtype === 'bool' ? scalarOf('bool', value === 0 ? 0 : 1) : scalarOf(dtype, value));
}

export function ints(l: Lowering, values: readonly number[]): Value {
  return l.fresh('constant', int64(...values));
}

/** Input `i`, an integer tensor of any shape, as int64. */
export function asInt64(l: Lowering, i: number): Value {
  const constant = l.constant(i);
  if (constant === undefined) return cast(l, l.input(i), l.dtype(i), 'int64');
  if (constant.dtype === 'int64') return l.input(i);
  const data = BigInt64Array.from(toNumbers(constant), BigInt);
  return l.fresh('int64', { dtype: 'int64', shape: constant.shape, data });
}

/**
 * Input `i`, places in a tensor, as int64 (or as the int32 that they are). A negative one is an error in TensorFlow where the engine
 * would count from the end: it becomes one that the engine finds too large.
 */
export function placesOf(l: Lowering, i: number, dtype: 'int32' | 'int64' = 'int64'): Value {
  const places = dtype === 'int64' ? asInt64(l, i) : l.input(i);
  if (l.numbers(i)?.every((place) => place >= 0)) return places;
  const shape = l.shape(i);
  const negative = l.emit('Less', [places, scalar(l, dtype, 0)], {}, { dtype: 'bool', shape });
  return l.emit('Where', [negative, scalar(l, dtype, FAR[dtype]), places], {}, { dtype, shape });
}

/** A value where nothing may be wrong: where `wrong` is true anywhere the run ends in an error, that of looking up what is not there. */
export function unless(l: Lowering, wrong: Value, value: Value, dtype: DType): Value {
  const shape = l.graph.types.get(wrong)?.shape ?? null;
  const place = cast(l, wrong, 'bool', 'int64');
  const nothing = l.emit(
    'Gather',
    [l.fresh('nothing', { ...scalarOf(dtype, 0), shape: [1] }), place],
    { axis: 0 },
    { dtype, shape },
  );
  return run(l, 'Add', [value, nothing], dtype, { shape });
}

export function reshape(l: Lowering, value: Value, shape: readonly number[], dtype: DType): Value {
  const constant = l.constantOf(value);
  if (constant !== undefined && !shape.includes(-1)) return l.fresh('reshaped', reshaped(constant, shape));
  return l.emit('Reshape', [value, ints(l, shape)], {}, { dtype, shape });
}

export function squeeze(l: Lowering, value: Value, axes: readonly number[]): Value {
  if (axes.length === 0) return value;
  const type = l.graph.types.get(value);
  const counted = axes.every((axis) => axis >= 0);
  const shape = (counted && type?.shape?.filter((_, axis) => !axes.includes(axis))) || null;
  return l.emit('Squeeze', [value, ints(l, axes)], {}, { dtype: type?.dtype ?? l.outType().dtype, shape });
}

/** `axes` are those of the result, in order. Done at once on a constant. */
export function unsqueeze(l: Lowering, value: Value, axes: readonly number[]): Value {
  if (axes.length === 0) return value;
  const constant = l.constantOf(value);
  const type = l.graph.types.get(value);
  const before = constant?.shape ?? type?.shape;
  const counted = before != null && axes.every((axis) => axis >= 0);
  const shape = counted ? axes.reduce((dims, axis) => dims.toSpliced(axis, 0, 1), before) : null;
  if (constant !== undefined && shape !== null) return l.fresh('unsqueezed', reshaped(constant, shape));
  return l.emit('Unsqueeze', [value, ints(l, axes)], {}, { dtype: type?.dtype ?? l.outType().dtype, shape });
}

/** A transposition; done at once on a constant. */
export function transpose(l: Lowering, value: Value, perm: readonly number[]): Value {
  if (perm.every((axis, i) => axis === i)) return value;
  const constant = l.constantOf(value);
  if (constant !== undefined) return l.fresh('transposed', transposed(constant, perm));
  const type = l.graph.types.get(value);
  const shape = type?.shape?.length === perm.length ? perm.map((axis) => type.shape?.[axis] ?? -1) : null;
  return l.emit('Transpose', [value], { perm: [...perm] }, { dtype: type?.dtype ?? l.outType().dtype, shape });
}

/** A constant input as a tensor changed at compile time, or the same change emitted. */
export function weights(
  l: Lowering,
  i: number,
  fold: (constant: Tensor) => Tensor,
  otherwise: (value: Value) => Value,
): Value {
  const constant = l.constant(i);
  return constant === undefined ? otherwise(l.input(i)) : l.fresh('weights', fold(constant));
}

/** The int64 shape of a value as a vector. */
export function shapeOf(l: Lowering, value: Value): Value {
  return l.emit('Shape', [value], {}, { dtype: 'int64', shape: null });
}

/** 0, 1, ..., n - 1. */
export function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

/** `condition ? yes : no` for each element, with broadcasting; `shape` is that of the result. */
export function choose(
  l: Lowering,
  condition: Value,
  yes: Value,
  no: Value,
  dtype: DType,
  shape: readonly number[] | null = l.outType().shape,
): Value {
  const kernel = kernelDtype('Where', dtype, l.opset);
  if (kernel === undefined) throw l.refuse(`the engine cannot select between values of ${dtype}`);
  const inputs = [condition, cast(l, yes, dtype, kernel), cast(l, no, dtype, kernel)];
  return cast(l, l.emit('Where', inputs, {}, { dtype: kernel, shape }), kernel, dtype);
}

/** Reductions over axes that are constant (or counted at run time, where the operator set allows it). */
import type { DType } from '../../dtype.ts';
import type { OnnxAttr, Value } from '../../onnx-graph.ts';
import { kernelDtype } from '../kernels.ts';
import type { Lower, Lowering } from '../lowering.ts';
import { Calculator } from './calculate.ts';
import { asInt64, cast, choose, ints, range, reshape, run, scalar, transpose, unsqueeze } from './common.ts';
import { integerExtreme, integerMean, integerProduct, integerSum } from './integer-reductions.ts';
import { isFloat } from './unary.ts';

/** Since when a reduction takes its axes as an input. */
const AXES_INPUT_SINCE = 18;

interface Axes {
  readonly attrs: Record<string, OnnxAttr>;
  readonly extra: readonly Value[];
}

/** Without axes TensorFlow reduces nothing, which ONNX has to be told. */
function axesOf(l: Lowering, op: string): Axes {
  const keepdims = l.attrs.bool('keep_dims', false) ? 1 : 0;
  const asInput = op === 'ReduceSum' || l.opset >= AXES_INPUT_SINCE;
  const constant = l.numbers(1);
  if (constant === undefined) {
    if (!asInput) throw l.refuse(`axes known only at run time need operator set ${AXES_INPUT_SINCE}`);
    return { attrs: { keepdims, noop_with_empty_axes: 1 }, extra: [axesAtRunTime(l)] };
  }
  const rank = l.shape(0)?.length;
  const axes = rank === undefined ? constant : constant.map((axis) => l.axis(axis, rank));
  return asInput ? { attrs: { keepdims }, extra: [ints(l, axes)] } : { attrs: { keepdims, axes }, extra: [] };
}

/** Counted from the front where the rank is known: the engine gets others wrong where there is nothing to reduce. */
function axesAtRunTime(l: Lowering): Value {
  const axes = reshape(l, asInt64(l, 1), [-1], 'int64');
  const rank = l.shape(0)?.length;
  return rank === undefined || rank === 0 ? axes : new Calculator(l, 'int64').do('Mod', axes, rank);
}

function reduces(l: Lowering): boolean {
  return l.numbers(1)?.length !== 0 && l.shape(0)?.length !== 0;
}

function extreme(op: 'ReduceMax' | 'ReduceMin'): Lower {
  return (l) => {
    // Where the engine works in int64 it looks at the lower half only.
    if (l.dtype() === 'uint32' && reduces(l)) {
      const value = cast(l, l.input(0), 'uint32', 'float64');
      return cast(l, run(l, op, [value], 'float64', axesOf(l, op)), 'float64', 'uint32');
    }
    if (l.dtype() !== 'int64' || !reduces(l)) return reduceWith(l, op, l.input(0));
    return integerExtreme(l, op, axesOf(l, op), l.needNumbers(1, 'the list of axes'));
  };
}

/** A value of the shape and dtype of input 0, over the axes in input 1. */
export function reduceWith(l: Lowering, op: string, value: Value): Value {
  return reduces(l) ? run(l, op, [value], l.dtype(), axesOf(l, op)) : value;
}

/** Of floats the engine's op; of integers `exact`. */
function total(op: string, exact: (l: Lowering) => Value): Lower {
  return (l) => (!isFloat(l.dtype()) && reduces(l) ? exact(l) : reduceWith(l, op, l.input(0)));
}

/** Of unknown many factors as the engine has it, exact up to 2^53. */
function product(l: Lowering): Value {
  const axes = l.numbers(1);
  return (axes && integerProduct(l, axes)) ?? reduceWith(l, 'ReduceProd', l.input(0));
}

/** Conjunction is the least of 0s and 1s, disjunction the greatest; of nothing at all, 1 and 0. */
function logical(op: 'ReduceMin' | 'ReduceMax'): Lower {
  return (l) => {
    if (!reduces(l)) return l.input(0);
    const number = cast(l, l.input(0), 'bool', 'int32');
    const reduced = run(l, op, [number], 'int32', axesOf(l, op));
    return run(l, 'Greater', [reduced, scalar(l, 'int32', 0)], 'int32', { result: 'bool' });
  };
}

/** Index of the first extreme element. */
function arg(op: string): Lower {
  return (l) => {
    const [stated = 0] = l.needNumbers(1, 'the dimension');
    const rank = l.shape(0)?.length;
    const axis = rank === undefined ? stated : l.axis(stated, rank);
    const found = run(l, op, [l.input(0)], l.dtype(), { attrs: { axis, keepdims: 0 }, result: 'int64' });
    return cast(l, found, 'int64', l.attrs.dtype('output_type', 'int64'));
  };
}

/** A running sum along an axis. */
function cumsum(l: Lowering): Value {
  const flag = (name: string): number => (l.attrs.bool(name, false) ? 1 : 0);
  const axis = asInt64(l, 1);
  return run(l, 'CumSum', [l.input(0)], l.dtype(), {
    attrs: { exclusive: flag('exclusive'), reverse: flag('reverse') },
    extra: [axis],
  });
}

/**
 * The engine divides by the number of rows, which ends the process where there is none: dimensions that may be 0 go behind the one
 * that is searched.
 */
function largest(l: Lowering, value: Value, k: Value, dtype: DType): readonly [Value, Value] {
  const rank = l.rank(0);
  const shape = l.shape(0) ?? [];
  const safe = shape.slice(0, -1).every((size) => size > 0);
  const front = [rank - 1, ...range(rank - 1)];
  const back = [...range(rank - 1).map((axis) => axis + 1), 0];
  const attrs = { axis: safe ? -1 : 0, largest: 1, sorted: 1 };
  const type = { dtype, shape: safe ? l.outType().shape : null };
  const searched = safe ? value : transpose(l, value, front);
  const [values = '', indices = ''] = l.emitMany('TopK', [searched, k], 2, attrs, type);
  l.graph.types.set(indices, { dtype: 'int64', shape: null });
  return safe ? [values, indices] : [transpose(l, values, back), transpose(l, indices, back)];
}

/** The k largest along the last dimension. */
function topK(l: Lowering): readonly Value[] {
  const dtype = l.dtype();
  const kernel = kernelDtype('TopK', dtype, l.opset);
  if (kernel === undefined) throw l.refuse(`the engine has no exact TopK for ${dtype}`);
  const k = reshape(l, asInt64(l, 1), [1], 'int64');
  const [values, indices] = largest(l, cast(l, l.input(0), dtype, kernel), k, kernel);
  return [cast(l, values, kernel, dtype), cast(l, indices, 'int64', l.attrs.dtype('index_type', 'int32'))];
}

/**
 * 1 (or `on_value`) where the index is, 0 elsewhere: by comparison, since ONNX's OneHot counts negative indices from the end and
 * TensorFlow's has no 1 for them.
 */
function oneHot(l: Lowering): Value {
  const rank = l.rank(0);
  const axis = l.attrs.int('axis', -1);
  const at = axis < 0 ? rank : axis;
  const indices = unsqueeze(l, asInt64(l, 0), [at]);
  const classes = reshape(l, depthRange(l), [-1, ...new Array<number>(rank - at).fill(1)], 'int64');
  const hit = run(l, 'Equal', [indices, classes], 'int64', { result: 'bool' });
  return choose(l, hit, l.input(2), l.input(3), l.dtype(2));
}

function depthRange(l: Lowering): Value {
  const depth = l.numbers(1)?.[0];
  if (depth !== undefined && depth <= 65536) return ints(l, range(depth));
  return l.emit('Range', [scalar(l, 'int64', 0), reshape(l, asInt64(l, 1), [], 'int64'), scalar(l, 'int64', 1)]);
}

export const REDUCTION = {
  Sum: total('ReduceSum', (l) => integerSum(l, axesOf(l, 'ReduceSum'))),
  Mean: total('ReduceMean', (l) => integerMean(l, axesOf(l, 'ReduceSum'))),
  Max: extreme('ReduceMax'),
  Min: extreme('ReduceMin'),
  Prod: total('ReduceProd', product),
  All: logical('ReduceMin'),
  Any: logical('ReduceMax'),
  ArgMax: arg('ArgMax'),
  ArgMin: arg('ArgMin'),
  Cumsum: cumsum,
  TopKV2: topK,
  OneHot: oneHot,
} satisfies Record<string, Lower>;

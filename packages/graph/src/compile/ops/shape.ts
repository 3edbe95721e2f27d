/** Ops that change or ask for the shape of a tensor and leave its elements alone. */
import { isNamed } from '../../analysis/dims.ts';
import { DTYPES, type DType } from '../../dtype.ts';
import type { Value } from '../../onnx-graph.ts';
import { int64 } from '../constant.ts';
import { each, type Lower, type Lowering } from '../lowering.ts';
import { and, Calculator, indices, sizeOfAxis, vector } from './calculate.ts';
import {
  asInt64,
  cast,
  choose,
  ints,
  range,
  reshape as reshapeTo,
  run,
  scalar,
  shapeOf,
  squeeze,
  transpose,
  unsqueeze,
} from './common.ts';
import { isFloat } from './unary.ts';

/** Since when Reshape can be told that 0 means 0. */
const ALLOW_ZERO_SINCE = 14;

/**
 * The target as a constant wherever the analysis knows enough: 0 copies a dimension that is the same in input and output (so the
 * batch stays visible), one other unknown dimension is -1.
 */
function reshape(l: Lowering): Value {
  const entries = targetEntries(l);
  const type = l.outType();
  if (entries !== undefined) return l.emit('Reshape', [l.input(0), ints(l, entries)], {}, type);
  return l.emit('Reshape', [l.input(0), asInt64(l, 1)], l.opset >= ALLOW_ZERO_SINCE ? { allowzero: 1 } : {}, type);
}

function targetEntries(l: Lowering): readonly number[] | undefined {
  const target = l.outDims();
  const source = l.dims(0);
  if (target === null || target.includes(0)) return undefined;
  const entries = target.map((dim, i) => (dim > 0 ? dim : isNamed(dim) && source?.[i] === dim ? 0 : -1));
  return entries.filter((entry) => entry === -1).length <= 1 ? entries : undefined;
}

function squeezed(l: Lowering): Value {
  const stated = l.attrs.ints('squeeze_dims', []);
  const shape = l.shape(0);
  if (stated.length === 0 && (shape === null || shape.includes(-1)))
    return l.emit('Squeeze', [l.input(0)], {}, l.outType());
  const axes = stated.length > 0 ? stated : (shape ?? []).flatMap((dim, axis) => (dim === 1 ? [axis] : []));
  return squeeze(l, l.input(0), shape === null ? axes : axes.map((axis) => l.axis(axis, shape.length)));
}

function expandDims(l: Lowering): Value {
  const [axis = 0] = l.needNumbers(1, 'the axis');
  const rank = l.shape(0)?.length;
  return unsqueeze(l, l.input(0), [rank === undefined ? axis : l.axis(axis, rank + 1)]);
}

function transposeByInput(l: Lowering): Value {
  const permutation = l.numbers(1);
  return permutation === undefined ? transposeAtRun(l) : transpose(l, l.input(0), permutation);
}

/** By a permutation that only the run knows, as `tf.vectorized_map` makes them: each element of the result is looked up. */
function transposeAtRun(l: Lowering): Value {
  const axes = range(l.rank(0));
  if (axes.length < 2) return l.input(0);
  const whole = new Calculator(l, 'int64');
  const sizes = axes.map((axis) => sizeOfAxis(l, l.input(0), axis, l.shape(0)?.[axis]));
  const strides = axes.map((axis) =>
    sizes.slice(axis + 1).reduce<Value>((product, size) => whole.do('Mul', product, size), scalar(l, 'int64', 1)),
  );
  const permutation = asInt64(l, 1);
  const inOrder = (values: readonly Value[]): readonly Value[] => {
    const moved = l.emit('Gather', [vector(l, values), permutation], {}, { dtype: 'int64', shape: [axes.length] });
    return axes.map((axis) =>
      reshapeTo(l, l.emit('Gather', [moved, ints(l, [axis])], {}, { dtype: 'int64', shape: [1] }), [], 'int64'),
    );
  };
  const [counts, steps] = [inOrder(sizes), inOrder(strides)];
  const places = axes.map((axis) =>
    whole.do('Mul', indices(l, counts[axis] as Value, axes.length - 1 - axis), steps[axis] as Value),
  );
  const place = places.reduce((sum, each) => whole.do('Add', sum, each));
  return l.emit('Gather', [reshapeTo(l, l.input(0), [-1], l.dtype()), place], { axis: 0 }, l.outType());
}

function shapes(l: Lowering): readonly Value[] {
  const dtype = l.attrs.dtype('out_type', 'int32');
  return l.inputs().map((value) => cast(l, shapeOf(l, value), 'int64', dtype));
}

function size(l: Lowering): Value {
  const count = l.emit('Size', [l.input(0)], {}, { dtype: 'int64', shape: [] });
  return cast(l, count, 'int64', l.attrs.dtype('out_type', 'int32'));
}

function rank(l: Lowering): Value {
  const count = l.emit('Size', [shapeOf(l, l.input(0))], {}, { dtype: 'int64', shape: [] });
  return cast(l, count, 'int64', 'int32');
}

function fill(l: Lowering): Value {
  return l.emit('Expand', [l.input(1), asInt64(l, 0)], {}, l.outType());
}

function broadcast(l: Lowering): Value {
  return l.emit('Expand', [l.input(0), asInt64(l, 1)], {}, l.outType());
}

function tile(l: Lowering): Value {
  return l.emit('Tile', [l.input(0), asInt64(l, 1)], {}, l.outType());
}

/** Between numbers of one type; the engine has none for 8-bit integers. */
function sequence(l: Lowering): Value {
  return run(l, 'Range', l.inputs(0, 3), l.dtype());
}

function convert(l: Lowering): Value {
  const [from, to] = [l.attrs.dtype('SrcT', l.dtype()), l.attrs.dtype('DstT')];
  const half = from === 'bfloat16' || to === 'bfloat16';
  if (from === 'string' || to === 'string' || (half && from !== 'float32' && to !== 'float32'))
    throw l.refuse(`cast from ${from} to ${to}`);
  return to === 'uint64' && isFloat(from) ? toUint64(l, from) : cast(l, l.input(0), from, to);
}

/** Of what uint64 cannot hold TensorFlow makes what int64 makes of it, bit by bit; the engine one number or another. */
function toUint64(l: Lowering, from: DType): Value {
  const dtype = from === 'float64' ? from : 'float32';
  const value = cast(l, l.input(0), from, dtype);
  const test = (op: string, limit: number): Value =>
    run(l, op, [value, scalar(l, dtype, limit)], dtype, { result: 'bool' });
  const large = and(l, test('GreaterOrEqual', 2 ** 63), test('Less', 2 ** 64));
  const wrapped = cast(l, cast(l, value, dtype, 'int64'), 'int64', 'uint64');
  return choose(l, large, cast(l, value, dtype, 'uint64'), wrapped, 'uint64');
}

/** Of integers of one size a cast keeps the bits. */
function bitcast(l: Lowering): Value {
  const [from, to] = [l.dtype(), l.attrs.dtype('type')];
  const isInteger = (dtype: DType): boolean => /^u?int/.test(dtype);
  const same = from === to || (isInteger(from) && isInteger(to) && DTYPES[from].size === DTYPES[to].size);
  if (!same) throw l.refuse(`bits of ${from} as ${to}`);
  return cast(l, l.input(0), from, to);
}

/** Blocks and depth go by ONNX's channels first. */
function depthSpace(op: 'SpaceToDepth' | 'DepthToSpace'): Lower {
  return (l) => {
    const last = l.attrs.string('data_format', 'NHWC');
    if (last !== 'NHWC' && last !== 'NCHW') throw l.refuse(`data format ${last}`);
    const attrs = { blocksize: l.attrs.int('block_size') };
    const x = last === 'NHWC' ? transpose(l, l.input(0), [0, 3, 1, 2]) : l.input(0);
    const y = run(l, op, [x], l.dtype(), { attrs, shape: null });
    return last === 'NHWC' ? transpose(l, y, [0, 2, 3, 1]) : y;
  };
}

/** The coordinates of what is not zero (or false), one row each. */
function coordinates(l: Lowering): Value {
  const found = run(l, 'NonZero', [l.input(0)], l.dtype(), { result: 'int64', shape: null });
  return l.emit('Transpose', [found], { perm: [1, 0] }, l.outType());
}

function linSpace(l: Lowering): Value {
  const dtype = l.dtype();
  const count = l.count(l.needNumbers(2, 'the number of elements')[0] ?? 0, 'the number of elements');
  if (count < 2) return reshapeTo(l, l.input(0), [1], dtype);
  const steps = l.fresh('steps', int64(...range(count)));
  const span = run(l, 'Sub', [l.input(1), l.input(0)], dtype, { shape: [] });
  const step = run(l, 'Div', [span, scalar(l, dtype, count - 1)], dtype, { shape: [] });
  return run(l, 'Add', [run(l, 'Mul', [cast(l, steps, 'int64', dtype), step], dtype), l.input(0)], dtype);
}

export const SHAPE = {
  Reshape: reshape,
  Squeeze: squeezed,
  ExpandDims: expandDims,
  ...each('Transpose ConjugateTranspose', transposeByInput),
  ...each('Shape ShapeN', shapes),
  Size: size,
  Rank: rank,
  Fill: fill,
  BroadcastTo: broadcast,
  Tile: tile,
  Range: sequence,
  LinSpace: linSpace,
  Bitcast: bitcast,
  Cast: convert,
  SpaceToDepth: depthSpace('SpaceToDepth'),
  DepthToSpace: depthSpace('DepthToSpace'),
  Where: coordinates,
} satisfies Record<string, Lower>;

/**
 * Shapes of the results of the ONNX ops that the compiler emits, from known shapes of their inputs. Source: ONNX's "Operators". Where a
 * rule cannot tell, it says nothing; what the graph itself states of a value then has to do.
 */
import type { OnnxNode } from '../onnx-graph.ts';
import { sizeOf } from '../tensor.ts';
import type { Shape } from './formulas.ts';

export interface Known {
  readonly node: OnnxNode;
  /** Undefined for an input that is absent. */
  readonly shapes: readonly (Shape | undefined)[];
  /** Numbers of an input that is a constant. */
  numbers(i: number): readonly number[] | undefined;
}

type Rule = (known: Known) => readonly Shape[] | undefined;

const first: Rule = ({ shapes: [x] }) => x && [x];

/** NumPy's broadcasting of all inputs. */
const broadcast: Rule = ({ shapes }) => {
  const all = shapes.filter((shape) => shape !== undefined);
  const rank = Math.max(0, ...all.map((shape) => shape.length));
  const dim = (i: number): number => {
    const sizes = all.map((shape) => shape[i - rank + shape.length] ?? 1);
    return sizes.find((size) => size !== 1) ?? 1;
  };
  return [Array.from({ length: rank }, (_, i) => dim(i))];
};

function attrInts(node: OnnxNode, name: string): Shape | undefined {
  const value = node.attrs[name];
  return Array.isArray(value) ? (value as readonly number[]) : undefined;
}

const fromEnd = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

function axisOf(node: OnnxNode, rank: number, fallback: number): number {
  return fromEnd(Number(node.attrs['axis'] ?? fallback), rank);
}

/** How many places a window stands at; `auto_pad` makes it the size over the stride. */
function places(size: number, reach: number, stride: number, pads: number, node: OnnxNode): number {
  if (String(node.attrs['auto_pad'] ?? '').startsWith('SAME')) return Math.ceil(size / stride);
  const steps = (size + pads - reach) / stride;
  return Math.max(0, (node.attrs['ceil_mode'] === 1 ? Math.ceil(steps) : Math.floor(steps)) + 1);
}

function slide(node: OnnxNode, x: Shape, channels: number, kernel: Shape): Shape {
  const spatial = x.slice(2);
  const strides = attrInts(node, 'strides') ?? [];
  const dilations = attrInts(node, 'dilations') ?? [];
  const pads = attrInts(node, 'pads') ?? [];
  const sizes = spatial.map((size, i) => {
    const reach = ((kernel[i] ?? 1) - 1) * (dilations[i] ?? 1) + 1;
    return places(size, reach, strides[i] ?? 1, (pads[i] ?? 0) + (pads[i + spatial.length] ?? 0), node);
  });
  return [x[0] ?? 1, channels, ...sizes];
}

const convolution: Rule = ({ node, shapes: [x, w] }) => x && w && [slide(node, x, w[0] ?? 1, w.slice(2))];

const pool: Rule = ({ node, shapes: [x] }) => x && [slide(node, x, x[1] ?? 1, attrInts(node, 'kernel_shape') ?? [])];

const transposedConvolution: Rule = ({ node, shapes: [x, w] }) => {
  if (x === undefined || w === undefined) return undefined;
  const ints = (name: string): Shape => attrInts(node, name) ?? [];
  const [strides, dilations, pads, extra] = ['strides', 'dilations', 'pads', 'output_padding'].map(ints);
  const spatial = x.slice(2).map((size, i, all) => {
    const reach = ((w[i + 2] ?? 1) - 1) * (dilations?.[i] ?? 1) + 1;
    const cut = (pads?.[i] ?? 0) + (pads?.[i + all.length] ?? 0);
    return (size - 1) * (strides?.[i] ?? 1) + reach - cut + (extra?.[i] ?? 0);
  });
  return [[x[0] ?? 1, (w[1] ?? 1) * Number(node.attrs['group'] ?? 1), ...spatial]];
};

const globalPool: Rule = ({ shapes: [x] }) => x && [x.map((size, i) => (i < 2 ? size : 1))];

const matrixProduct: Rule = ({ node, shapes: [a, b] }) => {
  if (a === undefined || b === undefined || a.length < 2 || b.length < 2) return undefined;
  const known = { node, shapes: [a.slice(0, -2), b.slice(0, -2)], numbers: () => undefined };
  return [[...(broadcast(known)?.[0] ?? []), a.at(-2) ?? 1, b.at(-1) ?? 1]];
};

const gemm: Rule = ({ node, shapes: [a, b] }) =>
  a && b && [[a[node.attrs['transA'] === 1 ? 1 : 0] ?? 1, b[node.attrs['transB'] === 1 ? 0 : 1] ?? 1]];

const transpose: Rule = ({ node, shapes: [x] }) => x && [(attrInts(node, 'perm') ?? []).map((axis) => x[axis] ?? 1)];

/** 0 copies the dimension in the same place, -1 takes what is left. */
const reshape: Rule = ({ shapes: [x], numbers }) => {
  const target = numbers(1);
  if (x === undefined || target === undefined) return undefined;
  const dims = target.map((size, i) => (size === 0 ? (x[i] ?? 1) : size));
  const rest = sizeOf(dims.filter((size) => size !== -1));
  return [dims.map((size) => (size === -1 ? Math.floor(sizeOf(x) / Math.max(1, rest)) : size))];
};

const squeeze: Rule = ({ shapes: [x], numbers }) => {
  const axes = numbers(1)?.map((axis) => fromEnd(axis, x?.length ?? 0));
  return x && axes && [x.filter((_, i) => !axes.includes(i))];
};

const unsqueeze: Rule = ({ shapes: [x], numbers }) => {
  const stated = numbers(1);
  if (x === undefined || stated === undefined) return undefined;
  const rank = x.length + stated.length;
  const axes = stated.map((axis) => fromEnd(axis, rank));
  const rest = [...x];
  return [Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : (rest.shift() ?? 1)))];
};

/** Axes are an attribute or the second input, by operator set; without them everything is reduced. */
const reduce: Rule = ({ node, shapes: [x], numbers }) => {
  if (x === undefined) return undefined;
  const stated = attrInts(node, 'axes') ?? ((node.inputs[1] ?? '') === '' ? x.map((_, i) => i) : numbers(1));
  const axes = stated?.map((axis) => fromEnd(axis, x.length));
  return axes && [dropped(x, axes, node)];
};

const arg: Rule = ({ node, shapes: [x] }) => x && [dropped(x, [axisOf(node, x.length, 0)], node)];

function dropped(x: Shape, axes: readonly number[], node: OnnxNode): Shape {
  if (node.attrs['keepdims'] === 0) return x.filter((_, i) => !axes.includes(i));
  return x.map((size, i) => (axes.includes(i) ? 1 : size));
}

const concat: Rule = ({ node, shapes }) => {
  const all = shapes.filter((shape) => shape !== undefined);
  const [x] = all;
  if (x === undefined || all.length !== shapes.length) return undefined;
  const axis = axisOf(node, x.length, 0);
  if (x[axis] === undefined) return undefined;
  return [
    x.with(
      axis,
      all.reduce((sum, shape) => sum + (shape[axis] ?? 1), 0),
    ),
  ];
};

const pad: Rule = ({ shapes: [x], numbers }) => {
  const pads = numbers(1);
  return x && pads && [x.map((size, i) => size + (pads[i] ?? 0) + (pads[i + x.length] ?? 0))];
};

const gather: Rule = ({ node, shapes: [x, indices] }) => {
  if (x === undefined || indices === undefined) return undefined;
  const axis = axisOf(node, x.length, 0);
  return [[...x.slice(0, axis), ...indices, ...x.slice(axis + 1)]];
};

const slice: Rule = ({ shapes: [x], numbers }) => {
  const [starts, ends, axes, steps] = [numbers(1), numbers(2), numbers(3), numbers(4)];
  if (x === undefined || starts === undefined || ends === undefined) return undefined;
  const out = [...x];
  starts.forEach((start, i) => {
    const axis = fromEnd(axes?.[i] ?? i, x.length);
    out[axis] = sliceLength(x[axis] ?? 1, start, ends[i] ?? 0, steps?.[i] ?? 1);
  });
  return [out];
};

/** Negative positions count from the end, and all are clamped: backwards down to one before the first. */
function sliceLength(size: number, start: number, end: number, step: number): number {
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const clamp = (at: number): number => Math.min(Math.max(at < 0 ? at + size : at, low), high);
  return Math.max(0, Math.ceil((clamp(end) - clamp(start)) / step));
}

const split: Rule = ({ node, shapes: [x], numbers }) => {
  const axis = axisOf(node, x?.length ?? 0, 0);
  const whole = x?.[axis];
  // Inside a branch or a loop the shape may be a guess that does not have the axis.
  if (x === undefined || whole === undefined) return undefined;
  const even = Math.ceil(whole / node.outputs.length);
  const sizes = numbers(1) ?? node.outputs.map((_, i) => Math.min(even, whole - i * even));
  return sizes.map((size) => x.with(axis, Math.max(0, size)));
};

const tile: Rule = ({ shapes: [x], numbers }) => {
  const repeats = numbers(1);
  return x && repeats && [x.map((size, i) => size * (repeats[i] ?? 1))];
};

const expand: Rule = ({ node, shapes: [x], numbers }) => {
  const target = numbers(1);
  return x && target && broadcast({ node, shapes: [x, target], numbers });
};

/** All steps, then the last states: an LSTM has two. */
const recurrent: Rule = ({ node, shapes: [x, , r] }) => {
  if (x === undefined || r === undefined) return undefined;
  const state = [1, x[1] ?? 1, r[2] ?? 1];
  return [[x[0] ?? 1, ...state], ...node.outputs.slice(1).map(() => state)];
};

const resize: Rule = ({ shapes: [x], numbers }) => {
  const [scales, sizes] = [numbers(2), numbers(3)];
  if (x === undefined || (scales?.length !== x.length && sizes?.length !== x.length)) return undefined;
  return [x.map((size, i) => sizes?.[i] ?? Math.floor(size * (scales?.[i] ?? 1)))];
};

const BROADCASTS =
  'Add And BitShift BitwiseAnd BitwiseOr BitwiseXor Div Equal Greater GreaterOrEqual Less LessOrEqual Max Min Mod Mul Or PRelu Pow Sub ' +
  'Sum Where Xor';

const KEEPS =
  'Abs Acos Acosh Asin Asinh Atan Atanh BatchNormalization BitwiseNot Cast Ceil Celu Clip Cos Cosh CumSum Elu Erf Exp Floor Gelu HardSigmoid ' +
  'HardSwish Identity InstanceNormalization IsInf IsNaN LRN LayerNormalization LeakyRelu Log LogSoftmax Mish Neg Not Reciprocal Relu ' +
  'Round ScatterElements ScatterND Selu Sigmoid Sign Sin Sinh Softmax Softplus Softsign Sqrt Tan Tanh ThresholdedRelu Trilu';

function each(names: string, rule: Rule): readonly (readonly [string, Rule])[] {
  return names.split(' ').map((name) => [name, rule] as const);
}

const RULES: ReadonlyMap<string, Rule> = new Map([
  ...each(BROADCASTS, broadcast),
  ...each(KEEPS, first),
  ...each(
    'ReduceL1 ReduceL2 ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare',
    reduce,
  ),
  ...each('ArgMax ArgMin', arg),
  ...each('AveragePool MaxPool', pool),
  ...each('GlobalAveragePool GlobalMaxPool', globalPool),
  ...each('LSTM GRU RNN', recurrent),
  ['Conv', convolution],
  ['ConvTranspose', transposedConvolution],
  ['MatMul', matrixProduct],
  ['Gemm', gemm],
  ['Transpose', transpose],
  ['Reshape', reshape],
  ['Squeeze', squeeze],
  ['Unsqueeze', unsqueeze],
  ['Concat', concat],
  ['Pad', pad],
  ['Gather', gather],
  ['Slice', slice],
  ['Split', split],
  ['Tile', tile],
  ['Expand', expand],
  ['Resize', resize],
]);

/** One shape for each output that the rule knows. */
export function inferShapes(known: Known): readonly Shape[] | undefined {
  return RULES.get(known.node.op)?.(known);
}

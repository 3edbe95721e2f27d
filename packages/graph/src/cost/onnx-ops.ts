/** FLOPs by ONNX op. */
import type { OnnxNode } from '../onnx-graph.ts';
import { sizeOf } from '../tensor.ts';
import {
  bicubic,
  bilinear,
  contraction,
  einsum,
  localResponse,
  normalisation,
  pooling,
  reduction,
  type Shape,
  softmax,
  statistics,
} from './formulas.ts';

export interface OnnxShapes {
  readonly node: OnnxNode;
  /** Empty for an input that is absent. */
  readonly inputs: readonly Shape[];
  readonly outputs: readonly Shape[];
}

type Formula = (op: OnnxShapes) => number;

const ELEMENTWISE =
  'Abs Acos Acosh Add And Asin Asinh Atan Atanh BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Ceil Celu Clip Cos Cosh Div Elu Equal ' +
  'Erf Exp Floor Gelu Greater GreaterOrEqual HardSigmoid HardSwish IsInf IsNaN LeakyRelu Less LessOrEqual Log Mish Mod Mul Neg Not Or ' +
  'PRelu Pow RandomNormalLike RandomUniformLike Reciprocal Relu Round Selu Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Sub Tan Tanh ThresholdedRelu Xor';

const MOVES =
  'Cast CastLike Compress Concat ConcatFromSequence Constant ConstantOfShape DepthToSpace Dropout Expand EyeLike Flatten Gather ' +
  'GatherElements GatherND Identity NonZero OneHot Pad Range Reshape ReverseSequence Scatter ScatterElements ScatterND SequenceAt ' +
  'SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength Shape Size Slice SpaceToDepth Split SplitToSequence ' +
  'Squeeze Tile Transpose Trilu Unsqueeze Where';

const input = ({ inputs }: OnnxShapes, i = 0): Shape => inputs[i] ?? [];
const out = ({ outputs }: OnnxShapes): Shape => outputs[0] ?? [];

/** One more for each result where input `i`, a bias, is there. */
const bias = (op: OnnxShapes, i: number): number => ((op.node.inputs[i] ?? '') === '' ? 0 : sizeOf(out(op)));

/** The filter is [results' channels, channels of a group, kernel...]. */
const convolution: Formula = (op) => contraction(sizeOf(out(op)), sizeOf(input(op, 1).slice(1))) + bias(op, 2);

/** The filter is [channels, results' channels of a group, kernel...]; each element goes to all of a window. */
const transposedConvolution: Formula = (op) =>
  contraction(sizeOf(input(op)), sizeOf(input(op, 1).slice(1))) + bias(op, 2);

const matrixProduct: Formula = (op) => contraction(sizeOf(out(op)), input(op).at(-1) ?? 1);

const gemm: Formula = (op) => {
  const terms = input(op).at(op.node.attrs['transA'] === 1 ? 0 : 1) ?? 1;
  return contraction(sizeOf(out(op)), terms) + bias(op, 2);
};

const window: Formula = (op) => pooling(out(op), (op.node.attrs['kernel_shape'] as Shape | undefined) ?? []);

/** Every step multiplies its input and its state with all weights: [directions, gates * hidden, input or hidden]. */
const recurrent: Formula = (op) => {
  const [steps = 1, batch = 1] = input(op);
  return contraction(steps * batch, sizeOf(input(op, 1)) + sizeOf(input(op, 2)));
};

const resize: Formula = (op) => {
  const { mode } = op.node.attrs;
  if (mode === 'linear') return bilinear(out(op));
  return mode === 'cubic' ? bicubic(out(op)) : 0;
};

function each(names: string, formula: Formula): Readonly<Record<string, Formula>> {
  return Object.fromEntries(names.split(' ').map((name) => [name, formula]));
}

const FORMULAS: ReadonlyMap<string, Formula> = new Map(
  Object.entries({
    ...each(ELEMENTWISE, (op) => sizeOf(out(op))),
    ...each(MOVES, () => 0),
    ...each('Max Min Sum', (op) => Math.max(0, op.inputs.length - 1) * sizeOf(out(op))),
    ...each('ArgMax ArgMin ReduceMax ReduceMin ReduceProd ReduceSum', (op) => reduction(input(op), out(op))),
    ...each('ReduceMean', (op) => reduction(input(op), out(op), 1)),
    ...each('ReduceL1 ReduceSumSquare', (op) => reduction(input(op), out(op)) + sizeOf(input(op))),
    ...each('ReduceL2 ReduceLogSumExp', (op) => reduction(input(op), out(op), 1) + sizeOf(input(op))),
    ...each('GlobalAveragePool', (op) => reduction(input(op), out(op), 1)),
    ...each('GlobalMaxPool', (op) => reduction(input(op), out(op))),
    ...each('CumSum', (op) => sizeOf(input(op))),
    ...each('Softmax LogSoftmax', (op) => softmax(input(op))),
    ...each('BatchNormalization', (op) => normalisation(out(op))),
    ...each('LayerNormalization InstanceNormalization GroupNormalization', (op) => statistics(input(op))),
    ...each('Conv', convolution),
    ...each('ConvTranspose', transposedConvolution),
    ...each('MatMul', matrixProduct),
    ...each('Gemm', gemm),
    ...each('Einsum', (op) => einsum(String(op.node.attrs['equation']), op.inputs, out(op))),
    ...each('AveragePool MaxPool', window),
    ...each('LSTM GRU RNN', recurrent),
    ...each('Resize', resize),
    ...each('LRN', (op) => localResponse(input(op), Number(op.node.attrs['size'] ?? 1))),
  }),
);

/** FLOPs of one node; undefined for an op that no formula knows. */
export function flopsOf(op: OnnxShapes): number | undefined {
  return FORMULAS.get(op.node.op)?.(op);
}

/** FLOPs by TensorFlow op. */
import type { Attrs, Node } from '../graph.ts';
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
} from './formulas.ts';

export interface OpShapes {
  readonly node: Node;
  readonly attrs: Attrs;
  readonly inputs: readonly Shape[];
  readonly outputs: readonly Shape[];
}

type Formula = (op: OpShapes) => number;

const text = new TextDecoder();

const ELEMENTWISE =
  'Abs Acos Acosh Add AddV2 ApproximateEqual Asin Asinh Atan Atan2 Atanh BesselI0 BesselI0e BesselI1 BesselI1e BiasAdd BiasAddV1 BitwiseAnd BitwiseOr ' +
  'BitwiseXor Ceil ClipByValue Cos Cosh Digamma Div DivNoNan Elu Equal Erf Erfc Erfinv Exp Expm1 Floor FloorDiv FloorMod Greater ' +
  'GreaterEqual Inv Invert IsFinite IsInf IsNan LeakyRelu LeftShift Less LessEqual Lgamma Log Log1p LogicalAnd LogicalNot ' +
  'LogicalOr Maximum Minimum Mod Mul MulNoNan Ndtri Neg NotEqual Pow Prelu RandomStandardNormal RandomUniform RandomUniformInt RealDiv Reciprocal Relu Relu6 RightShift Rint Round ' +
  'Rsqrt Selu Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Square StatelessRandomNormalV2 StatelessRandomUniformV2 Sub Tan Tanh TruncateDiv TruncateMod Xdivy Xlog1py Xlogy';

const MOVES =
  'Assert BatchToSpace BatchToSpaceND Bitcast BroadcastArgs BroadcastTo Cast CheckNumerics CheckNumericsV2 Concat ConcatV2 ' +
  'ConjugateTranspose Const DebugGradientIdentity DeepCopy DepthToSpace Diag DiagPart DynamicPartition DynamicStitch Empty EnsureShape ' +
  'Enter Exit ExpandDims ExtractImagePatches ExtractVolumePatches Fill Gather GatherNd GatherV2 HashTableV2 Identity IdentityN InvertPermutation LoopCond ' +
  'LookupTableFindV2 LookupTableSizeV2 MatrixBandPart MatrixDiag MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3 MatrixDiagV2 ' +
  'MatrixDiagV3 MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3 Merge MirrorPad NextIteration NoOp OneHot OnesLike Pack Pad PadV2 ' +
  'ParallelConcat Placeholder PlaceholderV2 PlaceholderWithDefault PreventGradient Print PrintV2 Range Rank ReadVariableOp RefEnter ' +
  'RefExit RefIdentity RefMerge RefNextIteration RefSwitch Reshape ResizeNearestNeighbor Reverse ReverseSequence ReverseV2 Roll ScatterNd ' +
  'Select SelectV2 Shape ShapeN Size Slice Snapshot SpaceToBatch SpaceToBatchND SpaceToDepth Split SplitV Squeeze StopGradient ' +
  'StridedSlice Switch TensorListConcat TensorListConcatV2 TensorListElementShape TensorListFromTensor TensorListGather ' +
  'TensorListGetItem TensorListLength TensorListPopBack TensorListPushBack TensorListReserve TensorListResize TensorListSetItem ' +
  'TensorListStack TensorArrayCloseV3 TensorArrayConcatV3 TensorArrayGatherV3 TensorArrayReadV3 TensorArrayScatterV3 TensorArraySizeV3 ' +
  'TensorArrayV3 TensorArrayWriteV3 TensorScatterUpdate Tile Transpose Unpack VarHandleOp Variable VariableV2 Where ZerosLike';

const FOLDS = 'All Any ArgMax ArgMin Max Min Prod Sum';
const SEGMENTS =
  'Cumprod Cumsum CumulativeLogsumexp SegmentMax SegmentMean SegmentMin SegmentProd SegmentSum TensorScatterAdd UnsortedSegmentMax UnsortedSegmentMin ' +
  'UnsortedSegmentProd UnsortedSegmentSum';

const input = ({ inputs }: OpShapes, i = 0): Shape => inputs[i] ?? [];
const out = ({ outputs }: OpShapes): Shape => outputs[0] ?? [];

/** The filter has the results' channels last and everything that is summed over before. */
const convolution: Formula = (op) => contraction(sizeOf(out(op)), sizeOf(input(op, 1).slice(0, -1)));

/** The filter is [rows, columns, channels, multiplier]. */
const depthwise: Formula = (op) => contraction(sizeOf(out(op)), sizeOf(input(op, 1).slice(0, 2)));

/** Inputs: the result's size, the filter [..., result's channels, channels], the image, each element of which goes to all of a window. */
const transposedConvolution: Formula = (op) => contraction(sizeOf(input(op, 2)), sizeOf(input(op, 1).slice(0, -1)));

function matrixProduct(transposed: string): Formula {
  return (op) => {
    const left = input(op);
    const terms = left.at(op.attrs.bool(transposed, false) ? -2 : -1) ?? 1;
    return contraction(sizeOf(out(op)), terms);
  };
}

/** A fused op does what its first part does, and one operation per result for each part behind it (two for a normalisation). */
function fused(first: Formula): Formula {
  return (op) => {
    const parts = op.node.attr.get('fused_ops')?.list?.s ?? [];
    const extra = parts.reduce((sum, part) => sum + (text.decode(part) === 'FusedBatchNorm' ? 2 : 1), 0);
    return first(op) + extra * sizeOf(out(op));
  };
}

const window: Formula = (op) => pooling(out(op), op.attrs.ints('ksize', []));
const fold: Formula = (op) => reduction(input(op), out(op));

function each(names: string, formula: Formula): Readonly<Record<string, Formula>> {
  return Object.fromEntries(names.split(' ').map((name) => [name, formula]));
}

const FORMULAS: ReadonlyMap<string, Formula> = new Map(
  Object.entries({
    ...each(ELEMENTWISE, (op) => sizeOf(out(op))),
    ...each(MOVES, () => 0),
    ...each(FOLDS, fold),
    ...each('Mean', (op) => reduction(input(op), out(op), 1)),
    ...each('EuclideanNorm', (op) => reduction(input(op), out(op), 1) + sizeOf(input(op))),
    ...each(SEGMENTS, (op) => sizeOf(input(op))),
    ...each('Softmax LogSoftmax', (op) => softmax(input(op))),
    ...each('FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 BatchNormWithGlobalNormalization', (op) =>
      normalisation(out(op)),
    ),
    ...each('Conv2D Conv3D', convolution),
    ...each('DepthwiseConv2dNative', depthwise),
    ...each('_FusedConv2D', fused(convolution)),
    ...each('FusedDepthwiseConv2dNative _FusedDepthwiseConv2dNative', fused(depthwise)),
    ...each('Conv2DBackpropInput Conv3DBackpropInputV2', transposedConvolution),
    ...each('MatMul', matrixProduct('transpose_a')),
    ...each('_FusedMatMul', fused(matrixProduct('transpose_a'))),
    ...each('BatchMatMul BatchMatMulV2 BatchMatMulV3', matrixProduct('adj_x')),
    ...each('AvgPool MaxPool AvgPool3D MaxPool3D MaxPoolWithArgmax', window),
    ...each('ResizeBilinear CropAndResize', (op) => bilinear(out(op))),
    ...each('ResizeBicubic ResizeArea ScaleAndTranslate', (op) => bicubic(out(op))),
    ...each('RGBToHSV HSVToRGB AdjustHue AdjustSaturation AdjustContrastv2', (op) => 10 * sizeOf(out(op))),
    SquaredDifference: (op: OpShapes) => 2 * sizeOf(out(op)),
    AddN: (op: OpShapes) => (op.inputs.length - 1) * sizeOf(out(op)),
    L2Loss: (op: OpShapes) => Math.max(0, 3 * sizeOf(input(op)) - 1),
    LRN: (op: OpShapes) => localResponse(input(op), 2 * op.attrs.int('depth_radius', 5) + 1),
    Dilation2D: (op: OpShapes) => contraction(sizeOf(out(op)), sizeOf(input(op, 1).slice(0, 2))),
    Einsum: (op: OpShapes) => einsum(op.attrs.string('equation'), op.inputs, out(op)),
  }),
);

/** FLOPs of one node; undefined for an op that no formula knows. */
export function flopsOf(op: OpShapes): number | undefined {
  return FORMULAS.get(op.node.op)?.(op);
}

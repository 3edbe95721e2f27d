/** Ops that treat each element alone: the shape of the input, or the broadcast of several. */
import { broadcast, type Dims, formatDims } from '../dims.ts';
import type { Typed } from '../facts.ts';
import { each, type InferTable, type OpContext } from '../op-context.ts';

const UNARY =
  'Abs Neg Exp Expm1 Log Log1p Sqrt Rsqrt Square Reciprocal Inv Sin Cos Tan Asin Acos Atan Sinh Cosh Tanh Asinh Acosh Atanh Sigmoid ' +
  'Relu Relu6 Elu Selu LeakyRelu Softplus Softsign Erf Erfc Erfinv Ndtri Sign Floor Ceil Round Rint Lgamma Digamma Invert ' +
  'ZerosLike OnesLike FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars ' +
  'QuantizeAndDequantizeV2 QuantizeAndDequantizeV3 QuantizeAndDequantizeV4 BesselI0 BesselI1 BesselI0e BesselI1e Cross RGBToHSV HSVToRGB AdjustHue AdjustSaturation AdjustContrastv2';

const BINARY =
  'Add AddV2 Sub Mul Div RealDiv FloorDiv TruncateDiv FloorMod TruncateMod Mod Maximum Minimum Pow SquaredDifference DivNoNan MulNoNan ' +
  'Atan2 Xlogy Xdivy Xlog1py BitwiseAnd BitwiseOr BitwiseXor LeftShift RightShift NextAfter';

function sameAsInput(op: OpContext): readonly Typed[] {
  return [{ dtype: op.dtype(), dims: op.dims(0) }];
}

/** A smallest and a largest number for each channel, which come last. */
function quantisedChannels(op: OpContext): readonly Typed[] {
  const dims = op.dims(0);
  if (dims?.length === 0) throw op.fail('needs a tensor of rank 1 or more');
  for (const i of [1, 2]) op.same(dims?.at(-1), op.ranked(i, 1)[0], 'channels');
  return [{ dtype: op.dtype('T'), dims }];
}

/** The broadcast shape of inputs `i` and `j`, whose dtypes have to agree. Throws INVALID_ARGUMENT. */
export function broadcastInputs(op: OpContext, i = 0, j = 1): Dims {
  const [x, y] = [op.input(i), op.input(j)];
  op.sameDtypes([x, y]);
  const dims = broadcast(x.dims, y.dims);
  if (dims === undefined) throw op.fail(`cannot broadcast ${formatDims(x.dims)} with ${formatDims(y.dims)}`);
  return dims;
}

/** Equal and NotEqual may be told to answer a scalar where the shapes conflict. */
function equality(op: OpContext): readonly Typed[] {
  if (op.attrs.bool('incompatible_shape_error', true)) return [{ dtype: 'bool', dims: broadcastInputs(op) }];
  const [x, y] = [op.dims(0), op.dims(1)];
  const certain = x?.every((dim) => dim >= 0) && y?.every((dim) => dim >= 0);
  const dims = broadcast(x, y);
  return [{ dtype: 'bool', dims: dims === undefined ? [] : certain ? dims : null }];
}

/** Adds any number of tensors of one shape. */
function addN(op: OpContext): readonly Typed[] {
  op.input(0);
  op.sameDtypes(op.inputs);
  return [{ dtype: op.dtype(), dims: op.inputs.reduce<Dims>((dims, input) => op.sameShape(dims, input.dims), null) }];
}

/** The limits of ClipByValue are scalars or have the shape of the input. */
function clip(op: OpContext): readonly Typed[] {
  return [{ dtype: op.dtype(), dims: op.dims(0) }];
}

/** Select of old: the condition may be a vector that chooses whole rows, so only the branches give the shape. */
function selectRows(op: OpContext): readonly Typed[] {
  return [{ dtype: op.dtype('T', 1), dims: op.sameShape(op.dims(1), op.dims(2)) }];
}

function select(op: OpContext): readonly Typed[] {
  const branches = broadcastInputs(op, 1, 2);
  const dims = broadcast(op.dims(0), branches);
  if (dims === undefined)
    throw op.fail(`cannot broadcast its condition ${formatDims(op.dims(0))} with ${formatDims(branches)}`);
  return [{ dtype: op.dtype('T', 1), dims }];
}

function biasAdd(op: OpContext): readonly Typed[] {
  const dims = op.dims(0);
  const bias = op.ranked(1, 1)[0];
  if (dims === null) return [{ dtype: op.dtype(), dims }];
  if (dims.length < 2) throw op.fail(`needs a value of rank 2 or more, not ${formatDims(dims)}`);
  const axis = op.attrs.string('data_format', 'NHWC') === 'NCHW' ? 1 : dims.length - 1;
  return [{ dtype: op.dtype(), dims: dims.with(axis, op.same(dims[axis], bias, 'channels')) }];
}

export const elementwise: InferTable = {
  ...each(UNARY, sameAsInput),
  FakeQuantWithMinMaxVarsPerChannel: quantisedChannels,
  ...each('LogicalNot IsNan IsInf IsFinite', (op) => [{ dtype: 'bool', dims: op.dims(0) }]),
  ...each(BINARY, (op) => [{ dtype: op.dtype(), dims: broadcastInputs(op) }]),
  ...each('Less LessEqual Greater GreaterEqual LogicalAnd LogicalOr ApproximateEqual', (op) => [
    { dtype: 'bool', dims: broadcastInputs(op) },
  ]),
  ...each('Equal NotEqual', equality),
  ...each('BiasAdd BiasAddV1', biasAdd),
  AddN: addN,
  AccumulateNV2: addN,
  ClipByValue: clip,
  Select: selectRows,
  SelectV2: select,
  Cast: (op) => [{ dtype: op.attrs.dtype('DstT'), dims: op.dims(0) }],
  Bucketize: (op) => [{ dtype: 'int32', dims: op.dims(0) }],
};

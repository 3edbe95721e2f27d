/** Ops that start a graph or pass a tensor on: constants, placeholders, identities, and the edges of TensorFlow 1 control flow. */
import { shapeFromProto } from '../../constants.ts';
import { type DType, dtypeFromTf } from '../../dtype.ts';
import { outputCount, outputDType } from '../../inline/op-types.ts';
import { type Dims, eitherShape } from '../dims.ts';
import type { Typed } from '../facts.ts';
import { each, type InferTable, type OpContext, UNTOLD } from '../op-context.ts';

function passOn(op: OpContext): readonly Typed[] {
  const { dtype, dims, list } = op.input(0);
  return [{ dtype, dims, list }];
}

/** The type of a constant stands in its proto, so that the value need not be decoded. */
function constant(op: OpContext): readonly Typed[] {
  const proto = op.node.attr.get('value')?.tensor;
  const stated = op.node.attr.get('dtype')?.type ?? proto?.dtype;
  if (proto !== undefined && proto.dtype !== stated)
    throw op.fail(`has a value of dtype number ${proto.dtype}, not ${stated}`);
  if (op.inputs.length > 0) throw op.fail('is a constant and has inputs');
  const dtype = proto === undefined ? op.attrs.dtype('dtype') : (dtypeFromTf(proto.dtype) ?? op.attrs.dtype('dtype'));
  return [{ dtype, dims: proto?.tensor_shape === undefined ? [] : shapeFromProto(proto.tensor_shape) }];
}

function placeholder(op: OpContext): readonly Typed[] {
  return [{ dtype: op.attrs.dtype('dtype'), dims: op.attrs.shape('shape') }];
}

/** Not fed, it is its default, whose shape may say more than the declared one. */
function placeholderWithDefault(op: OpContext): readonly Typed[] {
  return [{ dtype: op.dtype('dtype'), dims: op.sameShape(op.dims(0), op.attrs.shape('shape')) }];
}

function ensureShape(op: OpContext): readonly Typed[] {
  return [{ dtype: op.dtype(), dims: op.sameShape(op.dims(0), op.attrs.shape('shape')) }];
}

/** A Merge gives whichever of its inputs arrives; one that comes round a loop is not known yet. */
function merge(op: OpContext): readonly Typed[] {
  const dims = op.inputs.map((input) => input.dims).reduce<Dims>((a, b) => eitherShape(a, b), op.dims(0));
  return [
    { dtype: op.dtype(), dims },
    { dtype: 'int32', dims: [] },
  ];
}

function both(op: OpContext): readonly Typed[] {
  return [...passOn(op), ...passOn(op)];
}

export const source: InferTable = {
  Const: constant,
  ...each('Placeholder PlaceholderV2', placeholder),
  PlaceholderWithDefault: placeholderWithDefault,
  EnsureShape: ensureShape,
  ...each(
    'Identity StopGradient PreventGradient CheckNumerics CheckNumericsV2 Snapshot Print PrintV2 Exit RefIdentity',
    passOn,
  ),
  ...each('Enter RefEnter NextIteration LoopCond', passOn),
  IdentityN: (op) => op.inputs.map(({ dtype, dims, list }) => ({ dtype, dims, list })),
  ...each('Merge RefMerge', merge),
  ...each('Switch RefSwitch', both),
  ...each('NoOp Assert', () => []),
};

/** Attributes in which ops state the dtype of their (first) output, in the order of trust. */
const OUTPUT_DTYPE = ['dtype', 'DstT', 'out_type', 'output_type', 'output_dtype', 'element_dtype', 'Tout', 'T'];

/** What a node of an op that inference does not know says of its outputs: a dtype if an attribute tells one, and no shape. */
export function undeclaredType(op: OpContext): Typed {
  for (const name of OUTPUT_DTYPE) {
    const code = op.node.attr.get(name)?.type;
    const dtype: DType | undefined = code === undefined ? undefined : dtypeFromTf(code);
    if (dtype !== undefined) return { dtype, dims: null };
  }
  return { dtype: UNTOLD, dims: null };
}

/** What TensorFlow's registry says of the outputs; of an op that it does not know, `Tout` or `output_types` may list their dtypes. */
export function undeclaredTypes(op: OpContext): readonly Typed[] {
  const count = outputCount(op.node);
  const known = Array.from({ length: count ?? 0 }, (_, i) => outputDType(op.node, i));
  if (known.some((dtype) => dtype !== undefined)) return known.map((dtype) => ({ dtype: dtype ?? UNTOLD, dims: null }));
  const list = op.node.attr.get('Tout')?.list ?? op.node.attr.get('output_types')?.list;
  if (list === undefined || list.type.length === 0) return [undeclaredType(op)];
  return list.type.map((code) => ({ dtype: dtypeFromTf(code) ?? UNTOLD, dims: null }));
}

/**
 * Layer normalisation over the last dimension, spelt out by TensorFlow and Keras, as one LayerNormalization: half the time in ONNX
 * Runtime 1.30 (128 x 256: 0.24 against 0.13 ms), and no less exact, since that takes the mean off before it squares.
 *
 *     x * a + (beta - mean * a)  where a = gamma / sqrt(variance + epsilon)     Keras, tf.nn.batch_normalization
 *     (x - mean) / sqrt(variance + epsilon) * gamma + beta                      as the formula says it
 */
import { addConstant, type OnnxGraph, type OnnxNode, rankOf, type Value } from '../../onnx-graph.ts';
import { float32, toNumbers } from '../constant.ts';
import { Makers } from './makers.ts';

/** First operator set with the op. */
const SINCE = 17;

export function raiseLayerNorms(graph: OnnxGraph): void {
  if (graph.opset < SINCE) return;
  const makers = new Makers(graph);
  // Users first: the whole of a form is found before its parts.
  for (const node of graph.nodes.toReversed()) {
    const [output = ''] = node.outputs;
    const norm = spread(makers, output) ?? centred(makers, output);
    if (norm !== undefined) replace(makers, node, norm);
  }
}

interface Moments {
  readonly x: Value;
  readonly mean: Value;
  readonly epsilon: number;
}

interface Norm extends Moments {
  readonly gamma?: Value | undefined;
  readonly beta?: Value | undefined;
}

/** x * a + (beta - mean * a) */
function spread(makers: Makers, output: Value): Norm | undefined {
  for (const [product, shift] of makers.sides('Add', output)) {
    for (const [x, a] of makers.sides('Mul', product)) {
      const scale = scaleOf(makers, a);
      if (scale === undefined || scale.x !== x) continue;
      const rest = shiftOf(makers, shift, scale.mean, a);
      if (rest !== undefined) return { ...scale, ...rest };
    }
  }
  return undefined;
}

/** beta - mean * a, in the ways it is written; beta may be missing. */
function shiftOf(makers: Makers, shift: Value, mean: Value, a: Value): Pick<Norm, 'beta'> | undefined {
  const isProduct = (value: Value | undefined, left: (side: Value) => boolean): boolean =>
    makers.sides('Mul', value).some(([b, c]) => left(b) && c === a);
  const isPlain = (value: Value | undefined): boolean => isProduct(value, (side) => side === mean);
  const isMinus = (value: Value): boolean =>
    isProduct(value, (side) => makers.of('Neg', side) === mean) || isPlain(makers.of('Neg', value));
  if (isMinus(shift)) return {};
  for (const [minus, beta] of makers.sides('Add', shift)) if (isMinus(minus)) return { beta };
  const [difference] = makers.sides('Sub', shift);
  return difference !== undefined && isPlain(difference[1]) ? { beta: difference[0] } : undefined;
}

/** ((x - mean) * gamma / sqrt(variance + epsilon)) + beta, gamma and beta where there are any. */
function centred(makers: Makers, output: Value): Norm | undefined {
  const sums: readonly (readonly [Value, Value | undefined])[] = [[output, undefined], ...makers.sides('Add', output)];
  for (const [sum, beta] of sums) {
    const products: readonly (readonly [Value, Value | undefined])[] = [[sum, undefined], ...makers.sides('Mul', sum)];
    for (const [product, gamma] of products) {
      const core = coreOf(makers, product);
      if (core !== undefined) return { ...core, gamma: gamma ?? core.gamma, beta };
    }
  }
  return undefined;
}

function coreOf(makers: Makers, value: Value): Norm | undefined {
  for (const [difference, scale] of makers.sides('Mul', value)) {
    const found = scaleOf(makers, scale);
    if (found !== undefined && isDifference(makers, difference, found)) return found;
  }
  for (const [difference, root] of makers.sides('Div', value)) {
    const found = momentsOf(makers, makers.of('Sqrt', root));
    if (found !== undefined && isDifference(makers, difference, found)) return found;
  }
  return undefined;
}

function isDifference(makers: Makers, value: Value, { x, mean }: Moments): boolean {
  return makers.sides('Sub', value).some(([left, right]) => left === x && right === mean);
}

/** 1 / sqrt(variance + epsilon), times gamma where there is one. */
function scaleOf(makers: Makers, value: Value): Norm | undefined {
  const plain = momentsOf(makers, makers.of('Sqrt', makers.of('Reciprocal', value)));
  if (plain !== undefined) return plain;
  for (const [inverse, gamma] of makers.sides('Mul', value)) {
    const found = momentsOf(makers, makers.of('Sqrt', makers.of('Reciprocal', inverse)));
    if (found !== undefined) return { ...found, gamma };
  }
  return undefined;
}

/** variance + epsilon, the variance being the mean of (x - mean)^2. */
function momentsOf(makers: Makers, value: Value | undefined): Moments | undefined {
  const [variance, epsilon] = makers.withNumber('Add', value) ?? [];
  const square = makers.node('Mul', meanOf(makers, variance)?.of);
  const [difference, again] = square?.inputs ?? [];
  const [pair] = makers.sides('Sub', difference);
  if (epsilon === undefined || difference !== again || pair === undefined) return undefined;
  const [x, mean] = pair;
  const rank = rankOf(makers.graph, x);
  const isLast = (axis: number | undefined): boolean => axis === -1 || (rank !== undefined && axis === rank - 1);
  const [first, second] = [meanOf(makers, mean), meanOf(makers, variance)];
  return first?.of === x && isLast(first.axis) && isLast(second?.axis) ? { x, mean, epsilon } : undefined;
}

/** What the mean over one dimension, which is kept, is of, and over which. */
function meanOf(makers: Makers, value: Value | undefined): { readonly of: Value; readonly axis: number } | undefined {
  const node = makers.node('ReduceMean', value);
  const [of = '', input] = node?.inputs ?? [];
  const constant = input === undefined ? undefined : makers.graph.constants.get(input);
  const axes = constant === undefined ? node?.attrs['axes'] : toNumbers(constant);
  if (!Array.isArray(axes) || axes.length !== 1 || node?.attrs['keepdims'] === 0) return undefined;
  return { of, axis: Number(axes[0]) };
}

function replace(makers: Makers, node: OnnxNode, { x, gamma, beta, epsilon }: Norm): void {
  const { graph } = makers;
  const shape = graph.types.get(x)?.shape ?? [];
  const width = shape.at(-1) ?? -1;
  if (!makers.isFloat(x) || width < 1) return;
  const scale = gamma === undefined ? new Float32Array(width).fill(1) : vector(makers, gamma, shape);
  const bias = beta === undefined ? undefined : vector(makers, beta, shape);
  if (scale === undefined || (beta !== undefined && bias === undefined)) return;
  const constant = (label: string, values: Float32Array): Value =>
    addConstant(graph, `${node.name}/${label}`, float32(values));
  node.op = 'LayerNormalization';
  node.inputs = [x, constant('gamma', scale), ...(bias === undefined ? [] : [constant('beta', bias)])];
  node.attrs = { axis: -1, epsilon: { f: epsilon } };
}

/** A constant as one number for each place along the last dimension; undefined where it varies along another or adds one. */
function vector(makers: Makers, value: Value, shape: readonly number[]): Float32Array | undefined {
  const constant = makers.floats(value);
  const width = shape.at(-1) ?? -1;
  if (constant === undefined || constant.shape.length > shape.length) return undefined;
  const numbers = toNumbers(constant);
  if (constant.shape.slice(0, -1).some((dim) => dim !== 1) || (numbers.length !== 1 && numbers.length !== width))
    return undefined;
  return Float32Array.from({ length: width }, (_, i) => numbers[numbers.length === 1 ? 0 : i] ?? 0);
}

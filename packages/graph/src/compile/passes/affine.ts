/**
 * Folds what multiplies or adds a constant to each channel of a convolution's or matrix product's result into its weights and bias:
 * biases and batch normalisation, however it was written. Computed in double precision, rounded once to float32.
 */

import { type Allocate, copiedData, lateTensor } from '../../late-tensor.ts';
import { addConstant, type OnnxGraph, type OnnxNode, rankOf, usesOf, type Value } from '../../onnx-graph.ts';
import { sizeOf, type Tensor } from '../../tensor.ts';
import { float32, toNumbers } from '../constant.ts';

/** No weights of a trained model overflow when they are multiplied by less. */
const LARGEST_FACTOR = 2 ** 64;

/** Where a foldable op has its output channels. */
interface Channels {
  /** In the result, from the end: -1 is the last dimension. */
  readonly fromEnd: number;
  /** In the weights. */
  readonly weightAxis: number;
  readonly count: number;
}

export function foldAffine(graph: OnnxGraph): void {
  const { only } = usesOf(graph);
  const producers = new Map<Value, OnnxNode>();
  graph.nodes = graph.nodes.filter((node) => {
    const folded = foldInto(graph, producers, (value) => only.has(value), node);
    if (!folded) for (const output of node.outputs) producers.set(output, node);
    return !folded;
  });
}

type Single = (value: Value) => boolean;

function foldInto(graph: OnnxGraph, producers: Map<Value, OnnxNode>, single: Single, node: OnnxNode): boolean {
  const [left = '', right = ''] = node.inputs;
  const swapped = graph.constants.has(left);
  const value = swapped ? right : left;
  const constant = graph.constants.get(swapped ? left : right);
  const target = producers.get(value);
  if (constant === undefined || target === undefined || !single(value) || !isAffine(node, swapped)) return false;
  const channels = channelsOf(graph, target);
  const vector = channels && channelVector(constant, channels, rankOf(graph, value));
  if (channels === undefined || vector === undefined) return false;
  if (!applied(graph, target, channels, node.op, vector)) return false;
  const output = node.outputs[0] ?? '';
  target.outputs = [output];
  producers.set(output, target);
  return true;
}

function isAffine(node: OnnxNode, swapped: boolean): boolean {
  return node.op === 'Add' || node.op === 'Mul' || (!swapped && (node.op === 'Sub' || node.op === 'Div'));
}

/** Undefined where the op cannot take anything in. */
function channelsOf(graph: OnnxGraph, node: OnnxNode): Channels | undefined {
  const weights = graph.constants.get(node.inputs[1] ?? '');
  if (weights === undefined || weights.dtype !== 'float32') return undefined;
  const { shape } = weights;
  switch (node.op) {
    case 'Conv':
      return { fromEnd: 1 - shape.length, weightAxis: 0, count: shape[0] ?? 0 };
    case 'ConvTranspose':
      return node.attrs['group'] === 1 ? { fromEnd: 1 - shape.length, weightAxis: 1, count: shape[1] ?? 0 } : undefined;
    case 'Gemm':
    case 'MatMul':
      return shape.length === 2 ? { fromEnd: -1, weightAxis: 1, count: shape[1] ?? 0 } : undefined;
    default:
      return undefined;
  }
}

/** The constant as one number per channel; undefined where it varies along another dimension or would add one. */
function channelVector(
  constant: Tensor,
  { fromEnd, count }: Channels,
  rank: number | undefined,
): Float64Array | undefined {
  if (constant.dtype !== 'float32' || count === 0) return undefined;
  const limit = rank ?? -fromEnd;
  if (constant.shape.length > limit) return undefined;
  const axis = constant.shape.length + fromEnd;
  if (constant.shape.some((size, i) => size !== 1 && i !== axis)) return undefined;
  const numbers = toNumbers(constant);
  if (numbers.length !== 1 && numbers.length !== count) return undefined;
  return Float64Array.from({ length: count }, (_, i) => numbers[numbers.length === 1 ? 0 : i] ?? 0);
}

function applied(graph: OnnxGraph, node: OnnxNode, channels: Channels, op: string, vector: Float64Array): boolean {
  const bias = biasOf(graph, node, channels.count);
  if (bias === undefined) return false;
  if (op === 'Mul' || op === 'Div') {
    const factors = op === 'Mul' ? vector : vector.map((value) => 1 / value);
    // A sum over infinite weights is no infinite multiple of the sum, and weights must not become infinite.
    if (!factors.every((factor) => Math.abs(factor) < LARGEST_FACTOR)) return false;
    node.inputs[1] = scaledWeights(graph, node, channels, factors);
    if (node.inputs.length > 2)
      setBias(
        graph,
        node,
        bias.map((value, i) => value * (factors[i] ?? 1)),
      );
    return true;
  }
  if (node.op === 'MatMul' && !becomesGemm(graph, node)) return false;
  const sign = op === 'Add' ? 1 : -1;
  setBias(
    graph,
    node,
    bias.map((value, i) => value + sign * (vector[i] ?? 0)),
  );
  return true;
}

/** Undefined where the bias is there and not one constant number per channel. */
function biasOf(graph: OnnxGraph, node: OnnxNode, count: number): Float64Array | undefined {
  const [, , bias] = node.inputs;
  if (bias === undefined) return new Float64Array(count);
  const constant = graph.constants.get(bias);
  return constant !== undefined && sizeOf(constant.shape) === count
    ? Float64Array.from(toNumbers(constant))
    : undefined;
}

function setBias(graph: OnnxGraph, node: OnnxNode, bias: Float64Array): void {
  node.inputs[2] = addConstant(graph, `${node.name}/bias`, float32(bias));
}

/** Only of two dimensions is a product with a bias one op. */
function becomesGemm(graph: OnnxGraph, node: OnnxNode): boolean {
  if (rankOf(graph, node.inputs[0] ?? '') !== 2) return false;
  node.op = 'Gemm';
  return true;
}

function scaledWeights(
  graph: OnnxGraph,
  node: OnnxNode,
  { weightAxis, count }: Channels,
  factors: Float64Array,
): Value {
  const name = node.inputs[1] ?? '';
  const weights = graph.constants.get(name);
  if (weights === undefined) return name;
  const before = weights.shape.slice(0, weightAxis).reduce((size, dim) => size * dim, 1);
  const after = weights.shape.slice(weightAxis + 1).reduce((size, dim) => size * dim, 1);
  const scaled = (allocate: Allocate): Float32Array => {
    const data = copiedData<Float32Array>(weights, allocate);
    for (let at = 0, row = 0; row < before * count; row++) {
      const factor = factors[row % count] ?? 1;
      for (const end = at + after; at < end; at++) data[at] = (data[at] as number) * factor;
    }
    return data;
  };
  return addConstant(graph, `${node.name}/scaled`, lateTensor('float32', weights.shape, scaled));
}

/**
 * Brings a product or sum with a constant before the reshape that follows a matrix product: TensorFlow's dense layer flattens its input,
 * multiplies, shapes the result back and only then adds the bias. Before the reshape it becomes part of the product (fold-affine).
 */

import { reshaped } from '../../late-tensor.ts';
import { addConstant, freshName, type OnnxGraph, type OnnxNode, usesOf, type Value } from '../../onnx-graph.ts';
import { sizeOf, type Tensor } from '../../tensor.ts';
import { broadcastTo } from '../constant.ts';

const AFFINE = new Set(['Add', 'Sub', 'Mul', 'Div']);

export function liftAffine(graph: OnnxGraph): void {
  const { only } = usesOf(graph);
  const makers = new Map<Value, OnnxNode>();
  for (const node of graph.nodes) {
    const at = node.inputs.findIndex((input) => graph.constants.has(input));
    const value = node.inputs[1 - at] ?? '';
    const reshape = makers.get(value);
    if (AFFINE.has(node.op) && at >= 0 && reshape?.op === 'Reshape' && only.has(value)) {
      lift(graph, makers, reshape, node, at);
    }
    for (const output of node.outputs) makers.set(output, node);
  }
}

/** The two nodes change places. */
function lift(graph: OnnxGraph, makers: Map<Value, OnnxNode>, reshape: OnnxNode, node: OnnxNode, at: number): void {
  const [source = '', target = ''] = reshape.inputs;
  const constant = graph.constants.get(node.inputs[at] ?? '');
  const width = widthOf(graph, makers.get(source));
  const shape = graph.types.get(reshape.outputs[0] ?? '')?.shape;
  const vector = constant && width && shape ? flattened(constant, shape, width) : undefined;
  if (vector === undefined) return;
  const result = freshName(graph, `${source}/lifted`);
  graph.types.set(result, graph.types.get(source) ?? { dtype: vector.dtype, shape: null });
  const { op, name, outputs } = node;
  Object.assign(node, { op: 'Reshape', name: reshape.name, inputs: [result, target], attrs: reshape.attrs });
  const other = addConstant(graph, `${name}/lifted`, vector);
  const inputs = at === 0 ? [other, source] : [source, other];
  Object.assign(reshape, { op, name, inputs, outputs: [result], attrs: {} });
  makers.set(result, reshape);
  for (const output of outputs) makers.set(output, node);
}

/** Number of columns of a product with constant weights, and of what was lifted behind one. */
function widthOf(graph: OnnxGraph, node: OnnxNode | undefined): number | undefined {
  if (node === undefined) return undefined;
  if (AFFINE.has(node.op)) {
    const constant = node.inputs.map((input) => graph.constants.get(input)).find((input) => input !== undefined);
    return constant?.shape.length === 1 ? constant.shape[0] : undefined;
  }
  const weights = graph.constants.get(node.inputs[1] ?? '');
  const isProduct = node.op === 'MatMul' || (node.op === 'Gemm' && Object.keys(node.attrs).length === 0);
  return isProduct && weights?.shape.length === 2 ? weights.shape[1] : undefined;
}

/** The constant as one number for each column, where the last dimensions are what the columns became and it varies along those alone. */
function flattened(constant: Tensor, shape: readonly number[], width: number): Tensor | undefined {
  const rank = shape.length;
  const count = shape.findLastIndex((_, i) => shape[i] !== -1 && sizeOf(shape.slice(i)) === width);
  if (count < 0 || shape.slice(count).includes(-1) || constant.shape.length > rank) return undefined;
  const tail = shape.slice(count);
  const own = constant.shape.slice(Math.max(0, constant.shape.length - tail.length));
  const front = constant.shape.slice(0, constant.shape.length - own.length);
  const from = tail.length - own.length;
  const fits = front.every((dim) => dim === 1) && own.every((dim, i) => dim === 1 || dim === tail[from + i]);
  return fits ? reshaped(broadcastTo(reshaped(constant, own), tail), [width]) : undefined;
}

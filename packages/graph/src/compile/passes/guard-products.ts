/**
 * Keeps the engine from taking a transposition into a product of batches that may be empty. ONNX Runtime 1.30 does so in its
 * MatmulTransposeFusion; where the transposition moves the first dimension behind others, and a dimension is 0, its product divides by
 * 0, which ends the process. A broadcast of the operand to its own shape, asked for at run time, stays between the two.
 */
import { freshName, type OnnxGraph, type OnnxNode, type Value } from '../../onnx-graph.ts';
import { ELEMENTWISE } from '../rows.ts';
import { Makers } from './makers.ts';

const PASSABLE = new Set(ELEMENTWISE.split(' '));

export function guardProducts(graph: OnnxGraph): void {
  const makers = new Makers(graph);
  graph.nodes = graph.nodes.flatMap((node) => {
    if (node.op !== 'MatMul' || !node.inputs.every((input) => rankOf(graph, input) > 2)) return [node];
    return [...node.inputs.flatMap((input, i) => (moved(makers, input) ? guarded(graph, node, i) : [])), node];
  });
}

/** Where it is unknown it may be any. */
function rankOf(graph: OnnxGraph, value: Value): number {
  const shape = graph.constants.get(value)?.shape ?? graph.types.get(value)?.shape;
  return shape?.length ?? Number.POSITIVE_INFINITY;
}

/** The value comes from a transposition, past elementwise ops, that leaves the first dimension not in front. */
function moved(makers: Makers, value: Value): boolean {
  const maker = makers.maker(value);
  if (maker === undefined) return false;
  if (maker.op === 'Transpose') {
    const { perm } = maker.attrs as { readonly perm?: readonly number[] };
    const mayBeEmpty = makers.graph.types.get(value)?.shape?.every((size) => size > 0) !== true;
    return perm !== undefined && perm.indexOf(0) > 0 && mayBeEmpty;
  }
  return PASSABLE.has(maker.op) && maker.inputs.some((input) => moved(makers, input));
}

function guarded(graph: OnnxGraph, product: OnnxNode, i: number): OnnxNode[] {
  const input = product.inputs[i] ?? '';
  const shape = freshName(graph, `${product.name}/shape`);
  const output = freshName(graph, `${product.name}/guarded`);
  graph.types.set(shape, { dtype: 'int64', shape: null });
  graph.types.set(output, graph.types.get(input) ?? { dtype: 'float32', shape: null });
  product.inputs[i] = output;
  return [
    { op: 'Shape', name: product.name, inputs: [input], outputs: [shape], attrs: {} },
    { op: 'Expand', name: product.name, inputs: [input, shape], outputs: [output], attrs: {} },
  ];
}

/**
 * Keeps the engine from taking a transposition into a product of batches that may be empty. ONNX Runtime 1.30 does so in its
 * MatmulTransposeFusion, past elementwise ops too; where the transposition moves the first dimension behind others, and a dimension is
 * 0, its product divides by 0, which ends the process. A broadcast of the operand to its own shape, asked for at run time, stays between
 * the two.
 */
import { freshName, type OnnxGraph, type OnnxNode, type Value } from '../../onnx-graph.ts';
import { ELEMENTWISE } from '../rows.ts';

const PASSABLE = new Set(ELEMENTWISE.split(' '));

export function guardProducts(graph: OnnxGraph): void {
  const moved = new Set<Value>();
  const guards = new Map<Value, Value>();
  graph.nodes = graph.nodes.flatMap((node) => {
    if (isMoving(graph, node) || (PASSABLE.has(node.op) && node.inputs.some((input) => moved.has(input)))) {
      for (const output of node.outputs) moved.add(output);
    }
    const isProduct = node.op === 'MatMul' && node.inputs.every((input) => rankOf(graph, input) > 2);
    return isProduct ? [...guarded(graph, node, moved, guards), node] : [node];
  });
}

/** Where it is unknown it may be any. */
function rankOf(graph: OnnxGraph, value: Value): number {
  const shape = graph.constants.get(value)?.shape ?? graph.types.get(value)?.shape;
  return shape?.length ?? Number.POSITIVE_INFINITY;
}

/** A transposition that leaves the first dimension not in front, of what may be empty. */
function isMoving(graph: OnnxGraph, { op, attrs, outputs }: OnnxNode): boolean {
  const { perm } = attrs as { readonly perm?: readonly number[] };
  if (op !== 'Transpose' || perm === undefined || perm.indexOf(0) <= 0) return false;
  return graph.types.get(outputs[0] ?? '')?.shape?.every((size) => size > 0) !== true;
}

/** Gives the product what is made between, once for each value. */
function guarded(
  graph: OnnxGraph,
  product: OnnxNode,
  moved: ReadonlySet<Value>,
  guards: Map<Value, Value>,
): readonly OnnxNode[] {
  const made: OnnxNode[] = [];
  product.inputs = product.inputs.map((input) => {
    if (!moved.has(input)) return input;
    const known = guards.get(input);
    if (known !== undefined) return known;
    const shape = freshName(graph, `${product.name}/shape`);
    const output = freshName(graph, `${product.name}/guarded`);
    graph.types.set(shape, { dtype: 'int64', shape: null });
    graph.types.set(output, graph.types.get(input) ?? { dtype: 'float32', shape: null });
    guards.set(input, output);
    made.push(
      { op: 'Shape', name: product.name, inputs: [input], outputs: [shape], attrs: {} },
      { op: 'Expand', name: product.name, inputs: [input, shape], outputs: [output], attrs: {} },
    );
    return output;
  });
  return made;
}

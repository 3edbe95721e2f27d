/**
 * Keeps the engine from taking a transposition into a product of batches that may be empty. ONNX Runtime 1.30 does so in its
 * MatmulTransposeFusion, past elementwise ops too. Where the transposition moves the first dimension behind others, and a dimension is
 * 0, its product divides by 0, which ends the process; where it moves the last one and the right side is a matrix, its product refuses a
 * batch of none. A broadcast of the operand to its own shape, asked for at run time, stays between the two.
 */
import { freshName, type OnnxGraph, type OnnxNode, type Value } from '../../onnx-graph.ts';
import { ELEMENTWISE } from '../rows.ts';

const PASSABLE = new Set(ELEMENTWISE.split(' '));

export function guardProducts(graph: OnnxGraph): void {
  const [moved, turned] = [new Set<Value>(), new Set<Value>()];
  const guards = new Map<Value, Value>();
  graph.nodes = graph.nodes.flatMap((node) => {
    const perm = permOf(graph, node);
    follow(node, moved, perm !== undefined && perm.indexOf(0) > 0);
    follow(node, turned, perm !== undefined && perm.at(-1) !== perm.length - 1);
    if (node.op !== 'MatMul') return [node];
    const [left = 0, right = 0] = node.inputs.map((input) => rankOf(graph, input));
    if (left > 2 && right > 2) return [...guarded(graph, node, moved, guards), node];
    return left > 2 && right === 2 ? [...guarded(graph, node, turned, guards), node] : [node];
  });
}

/** Notes what the node makes: of a kind by itself, or elementwise of what is. */
function follow({ op, inputs, outputs }: OnnxNode, kind: Set<Value>, isOfKind: boolean): void {
  const passesOn = PASSABLE.has(op) && inputs.some((input) => kind.has(input));
  if (isOfKind || passesOn) for (const output of outputs) kind.add(output);
}

/** Where it is unknown it may be any. */
function rankOf(graph: OnnxGraph, value: Value): number {
  const shape = graph.constants.get(value)?.shape ?? graph.types.get(value)?.shape;
  return shape?.length ?? Number.POSITIVE_INFINITY;
}

/** The dimensions that a transposition of what may be empty takes; undefined for anything else. */
function permOf(graph: OnnxGraph, { op, attrs, outputs }: OnnxNode): readonly number[] | undefined {
  const mayBeEmpty = graph.types.get(outputs[0] ?? '')?.shape?.every((size) => size > 0) !== true;
  return op === 'Transpose' && mayBeEmpty ? (attrs as { readonly perm?: readonly number[] }).perm : undefined;
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

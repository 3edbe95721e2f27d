/**
 * The functions that While, If and Case call, as graphs of their own: placeholders for the arguments, calls inside inlined. Names begin
 * with the node's and a `#`, which no name in a TensorFlow graph has, so that all regions of a graph can be lowered into one.
 */
import { invalid } from '../errors.ts';
import { type Graph, graphOf, type Node, tensorName } from '../graph.ts';
import { CallBody } from '../inline/call-body.ts';
import { inlineCalls } from '../inline/index.ts';
import { takeName } from '../inline/walk.ts';
import type { NameAttrList } from '../proto/tensorflow.ts';

export interface RegionGraph {
  readonly graph: Graph;
  /** The placeholders' tensors, in the order of the arguments. */
  readonly args: readonly string[];
  /** Tensors of `graph` that the function returns. */
  readonly results: readonly string[];
}

/** The function in attribute `field` (or number `index` of its list). Throws INVALID_ARGUMENT and NOT_FOUND, naming the node. */
export function regionGraph(
  graph: Graph,
  node: Node,
  func: NameAttrList | undefined,
  label: string,
  count: number,
): RegionGraph {
  const where = { node: node.name, op: node.op };
  const fn = func && graph.functions.get(func.name);
  if (func === undefined) throw invalid(`node ${node.name} (${node.op}) names no function for ${label}`, where);
  if (fn === undefined) throw invalid(`node ${node.name} (${node.op}): function ${func.name} does not exist`, where);
  const name = `${node.name}#${label}`;
  const placeholders = Array.from({ length: count }, (_, i) => placeholder(`${name}/argument_${i}`));
  const input = placeholders.map((argument) => argument.name);
  const taken = new Set(input);
  const call = { node: { name, op: func.name, input, device: '', attr: func.attr }, name: func.name, attrs: func.attr };
  const body = new CallBody({ ...call, fn, functions: graph.functions, guard: false }, (wanted) =>
    takeName(taken, wanted),
  );
  const { nodes, results } = body.expand();
  const whole = inlineCalls(graphOf([...placeholders, ...nodes], graph.functions, graph.versions));
  return { graph: whole, args: input.map(tensorName), results: results.map(({ tensor }) => tensorName(tensor)) };
}

/** Its type is the fed one. */
function placeholder(name: string): Node {
  return { name, op: 'Placeholder', input: [], device: '', attr: new Map() };
}

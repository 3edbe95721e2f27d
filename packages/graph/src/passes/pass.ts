/** What all passes share: their signature, and rewiring the users of a tensor. A pass never changes a node or a graph, it makes new ones. */
import type { Feeds } from '../analysis/index.ts';
import { endpoint, type Graph, graphOf, type Node } from '../graph.ts';

/**
 * A transformation that keeps the results. `keep` names the tensors (`node:index`) that must still be there under their names;
 * `feeds` are given at run time and never computed.
 */
export type Pass = (graph: Graph, keep: ReadonlySet<string>, feeds: Feeds) => Graph;

/** Names of the nodes of these tensors. */
export function nodesOf(tensors: Iterable<string>): ReadonlySet<string> {
  return new Set(Array.from(tensors, (tensor) => endpoint(tensor).node));
}

/** `x` for `x:0`, as node inputs are written. */
export function inputName(tensor: string): string {
  return tensor.endsWith(':0') ? tensor.slice(0, -2) : tensor;
}

/** The node with its inputs mapped, or the same node where none changes. */
export function withInputs(node: Node, map: (input: string) => string): Node {
  let changed = false;
  const input = node.input.map((name) => {
    const mapped = map(name);
    changed ||= mapped !== name;
    return mapped;
  });
  return changed ? { ...node, input } : node;
}

export function withNodes(graph: Graph, nodes: readonly Node[]): Graph {
  return graphOf(nodes, graph.functions, graph.versions);
}

const CONTROL_FLOW = new Set([
  'Switch',
  'RefSwitch',
  'Merge',
  'RefMerge',
  'Enter',
  'RefEnter',
  'Exit',
  'NextIteration',
]);

/**
 * In a graph with TensorFlow 1 control flow a control edge says in which branch or loop a node lives, so it means something;
 * in any other it only orders side effects, which a frozen graph has none of.
 */
export function hasControlFlow(graph: Graph): boolean {
  return graph.nodes.some(({ op }) => CONTROL_FLOW.has(op));
}

/** True where a node is tied to a branch or a loop by its control inputs. */
export function isTied(node: Node, controlFlow: boolean): boolean {
  return controlFlow && node.input.some((input) => input.startsWith('^'));
}

/** Makes node names that the graph does not have yet. */
export class Names {
  private readonly graph: Graph;
  private readonly given = new Set<string>();

  constructor(graph: Graph) {
    this.graph = graph;
  }

  fresh(base: string): string {
    let name = base;
    for (let i = 1; this.graph.byName.has(name) || this.given.has(name); i++) name = `${base}_${i}`;
    this.given.add(name);
    return name;
  }
}

/** Removes the nodes that no kept tensor needs. Feeds stay, used or not: they are the interface of the graph. */
import { endpoint, type Graph, type Node } from '../graph.ts';
import { dataInputs } from '../inline/walk.ts';
import { hasControlFlow, nodesOf, type Pass, withNodes } from './pass.ts';

export const prune: Pass = (graph, keep, feeds) => {
  const controlFlow = hasControlFlow(graph);
  const alive = reach(graph, [...nodesOf(keep), ...nodesOf(feeds.keys())], controlFlow);
  const nodes = graph.nodes.filter((node) => alive.has(node));
  return withNodes(graph, controlFlow ? nodes : nodes.map(withoutControl));
};

function reach(graph: Graph, names: readonly string[], controlFlow: boolean): ReadonlySet<Node> {
  const alive = new Set<Node>();
  const visit = (name: string): void => {
    const node = graph.byName.get(name);
    if (node !== undefined) alive.add(node);
  };
  names.forEach(visit);
  // A set is iterated in the order of insertion, what is added on the way included.
  for (const node of alive) {
    for (const input of node.input) {
      const { node: source, index } = endpoint(input);
      if (index >= 0 || controlFlow) visit(source);
    }
  }
  return alive;
}

function withoutControl(node: Node): Node {
  const input = dataInputs(node);
  return input.length === node.input.length ? node : { ...node, input };
}

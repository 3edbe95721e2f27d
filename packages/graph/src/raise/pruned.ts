/** What is left when control edges have said what they had to. */
import { endpoint, type Graph, graphOf } from '../graph.ts';
import { ancestors, isControl } from '../inline/walk.ts';

/** What the kept tensors need, and all placeholders, without control edges. */
export function pruned(graph: Graph, keep: ReadonlySet<string>): Graph {
  const free = graph.nodes.map((node) =>
    node.input.some(isControl) ? { ...node, input: node.input.filter((input) => !isControl(input)) } : node,
  );
  const needed = ancestors(
    graphOf(free),
    Array.from(keep, (tensor) => endpoint(tensor).node),
  );
  const kept = free.filter((node) => needed.has(node.name) || node.op === 'Placeholder');
  return graphOf(kept, graph.functions, graph.versions);
}

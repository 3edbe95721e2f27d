import { endpoint, type Graph, graphOf } from '../graph.ts';
import type { TensorSpec } from '../tensor.ts';
export function subgraph(graph: Graph, feeds: readonly TensorSpec[], fetches: readonly string[]): Graph {
  const fed = new Set(feeds.map((f) => f.name)); const keep = new Set<string>(); const todo = [...fetches];
  while (todo.length) { const t = todo.pop() as string; const { node, index } = endpoint(t); if (fed.has(`${node}:${index}`)) { keep.add(node); continue; } if (keep.has(node)) continue; keep.add(node); for (const i of graph.byName.get(node)?.input ?? []) todo.push(i); }
  for (const f of fed) keep.add(endpoint(f).node);
  return graphOf(graph.nodes.filter((n) => keep.has(n.name)));
}

/**
 * Topological order of a graph, inputs before users. The edge out of a NextIteration is the back edge of a TensorFlow 1 loop and
 * does not count; any other cycle is an error.
 */
import { type FloeError, invalid } from '../errors.ts';
import { endpoint, type Graph, type Node } from '../graph.ts';

const BACK_EDGE = 'NextIteration';

/** Nodes in topological order; among those that are ready, in the order of the graph. Throws INVALID_ARGUMENT. */
export function topologicalOrder(graph: Graph): readonly Node[] {
  const waiting = new Map<string, number>();
  const users = new Map<string, Node[]>();
  const order: Node[] = [];
  for (const node of graph.nodes) {
    const sources = sourcesOf(graph, node);
    if (sources.size === 0) order.push(node);
    else waiting.set(node.name, sources.size);
    for (const source of sources) append(users, source, node);
  }
  for (let next = 0; next < order.length; next++) release(order[next], users, waiting, order);
  if (order.length < graph.nodes.length) throw cycle(graph, waiting);
  return order;
}

function release(
  node: Node | undefined,
  users: ReadonlyMap<string, Node[]>,
  waiting: Map<string, number>,
  order: Node[],
): void {
  for (const user of (node && users.get(node.name)) ?? []) {
    const left = (waiting.get(user.name) ?? 0) - 1;
    if (left > 0) waiting.set(user.name, left);
    else {
      waiting.delete(user.name);
      order.push(user);
    }
  }
}

/** Names of the nodes that have to come before `node`. Throws INVALID_ARGUMENT where one does not exist. */
function sourcesOf(graph: Graph, node: Node): ReadonlySet<string> {
  const sources = new Set<string>();
  for (const input of node.input) {
    const source = graph.byName.get(endpoint(input).node);
    if (source === undefined) {
      throw invalid(`input ${input} of node ${node.name} (${node.op}) does not exist`, {
        node: node.name,
        op: node.op,
        tensor: input,
      });
    }
    if (source.op !== BACK_EDGE) sources.add(source.name);
  }
  return sources;
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** Names the nodes of one cycle: every waiting node has an input that waits too, so going back from any of them ends in a circle. */
function cycle(graph: Graph, waiting: ReadonlyMap<string, number>): FloeError {
  const path: Node[] = [];
  const seen = new Map<string, number>();
  let node = graph.nodes.find(({ name }) => waiting.has(name));
  while (node !== undefined && !seen.has(node.name)) {
    seen.set(node.name, path.length);
    path.push(node);
    node = [...sourcesOf(graph, node)]
      .map((name) => (waiting.has(name) ? graph.byName.get(name) : undefined))
      .find((found) => found);
  }
  const circle = path.slice(node === undefined ? 0 : seen.get(node.name)).reverse();
  const names = circle.slice(0, 5).map(({ name }) => name);
  const details = circle.slice(0, 5).map(({ name, op }) => ({ node: name, op }));
  return invalid(
    `the graph has a cycle of ${circle.length} nodes: ${names.join(' -> ')}${circle.length > 5 ? ' -> ...' : ''}`,
    details,
  );
}

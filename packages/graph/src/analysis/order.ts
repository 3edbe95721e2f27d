/**
 * Topological order of a graph, inputs before users. The edge out of a NextIteration is the back edge of a TensorFlow 1 loop and
 * does not count; any other cycle is an error.
 */
import { type FloeError, invalid } from '../errors.ts';
import { endpoint, type Graph, type Node } from '../graph.ts';

const BACK_EDGE = 'NextIteration';

/** Nodes in topological order, that of the graph where it is one already. Throws INVALID_ARGUMENT. */
export function topologicalOrder(graph: Graph): readonly Node[] {
  return isOrdered(graph) ? graph.nodes : sort(graph);
}

function isOrdered(graph: Graph): boolean {
  const seen = new Set<Node>();
  for (const node of graph.nodes) {
    for (const input of node.input) {
      const source = sourceOf(graph, node, input);
      if (!seen.has(source) && source.op !== BACK_EDGE) return false;
    }
    seen.add(node);
  }
  return true;
}

/** Edges by number of the node, sorted by where they start: those of node `i` end at `to[first[i]]` to `to[first[i + 1] - 1]`. */
interface Edges {
  readonly first: Uint32Array;
  readonly to: Uint32Array;
  /** How many edges end at each node. */
  readonly incoming: Uint32Array;
}

/** Kahn's algorithm: a node comes when the last of its inputs has come. */
function sort(graph: Graph): readonly Node[] {
  const { first, to, incoming } = edgesOf(graph);
  const order = new Uint32Array(graph.nodes.length);
  let end = 0;
  for (let i = 0; i < incoming.length; i++) if (incoming[i] === 0) order[end++] = i;
  for (let next = 0; next < end; next++) {
    const at = order[next] ?? 0;
    for (let edge = first[at] ?? 0; edge < (first[at + 1] ?? 0); edge++) {
      const user = to[edge] ?? 0;
      const left = (incoming[user] ?? 0) - 1;
      incoming[user] = left;
      if (left === 0) order[end++] = user;
    }
  }
  if (end < order.length) throw cycle(graph, new Set(graph.nodes.filter((_, i) => incoming[i] !== 0)));
  return Array.from(order, (i) => graph.nodes[i] as Node);
}

function edgesOf(graph: Graph): Edges {
  const number = new Map(graph.nodes.map((node, i) => [node, i]));
  const [from, ends]: [number[], number[]] = [[], []];
  const first = new Uint32Array(graph.nodes.length + 1);
  const incoming = new Uint32Array(graph.nodes.length);
  graph.nodes.forEach((node, i) => {
    for (const input of node.input) {
      const source = sourceOf(graph, node, input);
      if (source.op === BACK_EDGE) continue;
      const start = number.get(source) ?? 0;
      from.push(start);
      ends.push(i);
      first[start + 1] = (first[start + 1] ?? 0) + 1;
      incoming[i] = (incoming[i] ?? 0) + 1;
    }
  });
  for (let i = 1; i < first.length; i++) first[i] = (first[i] ?? 0) + (first[i - 1] ?? 0);
  const free = first.slice();
  const to = new Uint32Array(ends.length);
  from.forEach((start, edge) => {
    const slot = free[start] ?? 0;
    to[slot] = ends[edge] ?? 0;
    free[start] = slot + 1;
  });
  return { first, to, incoming };
}

/** Throws INVALID_ARGUMENT where the input's node does not exist. */
function sourceOf(graph: Graph, node: Node, input: string): Node {
  const source = graph.byName.get(endpoint(input).node);
  if (source !== undefined) return source;
  const { name, op } = node;
  throw invalid(`input ${input} of node ${name} (${op}) does not exist`, { node: name, op, tensor: input });
}

/** Names the nodes of one cycle: every waiting node has an input that waits too, so going back from any of them ends in a circle. */
function cycle(graph: Graph, waiting: ReadonlySet<Node>): FloeError {
  const path = new Map<Node, number>();
  let [at] = waiting;
  while (at !== undefined && !path.has(at)) {
    path.set(at, path.size);
    const user = at;
    const sources = user.input.map((input) => sourceOf(graph, user, input));
    at = sources.find((source) => waiting.has(source) && source.op !== BACK_EDGE);
  }
  const circle = [...path.keys()].slice(at && path.get(at)).reverse();
  const shown = circle.slice(0, 5);
  const names = shown.map(({ name }) => name).join(' -> ');
  const details = shown.map(({ name, op }) => ({ node: name, op }));
  return invalid(
    `the graph has a cycle of ${circle.length} nodes: ${names}${circle.length > 5 ? ' -> ...' : ''}`,
    details,
  );
}

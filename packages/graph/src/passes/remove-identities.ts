/**
 * Removes the nodes that hand their input on as it is: identities, gradient stops, checks and prints, casts to the same dtype and
 * placeholders that keep their default. Users read the source instead; a kept or fed one stays.
 */
import { topologicalOrder } from '../analysis/order.ts';
import { endpoint, type Graph, type Node } from '../graph.ts';
import { dataInputs } from '../inline/walk.ts';
import { hasControlFlow, isTied, nodesOf, type Pass, withInputs, withNodes } from './pass.ts';

const IDENTITIES = new Set([
  'Identity',
  'IdentityN',
  'StopGradient',
  'PreventGradient',
  'CheckNumerics',
  'CheckNumericsV2',
  'Snapshot',
  'Print',
  'PlaceholderWithDefault',
]);

export const removeIdentities: Pass = (graph, keep, feeds) => {
  const fed = nodesOf(feeds.keys());
  const kept = nodesOf(keep);
  const pinned = pinnedNames(graph);
  const source = new Map<string, string>();
  const resolve = (input: string): string => resolveInput(source, input);
  const replaced = new Map<Node, Node>();
  const removed = new Set<Node>();
  for (const node of topologicalOrder(graph)) {
    const rewired = withInputs(node, resolve);
    if (!isIdentity(node) || fed.has(node.name) || pinned.has(node.name)) replaced.set(node, rewired);
    else {
      recordSources(rewired, source);
      if (kept.has(node.name)) replaced.set(node, rewired);
      else removed.add(node);
    }
  }
  if (removed.size === 0 && source.size === 0) return graph;
  const nodes = graph.nodes.filter((node) => !removed.has(node)).map((node) => replaced.get(node) ?? node);
  return withNodes(
    graph,
    nodes.map((node) => withInputs(node, resolve)),
  );
};

function isIdentity(node: Node): boolean {
  if (node.op === 'Cast')
    return node.attr.get('SrcT')?.type !== undefined && node.attr.get('SrcT')?.type === node.attr.get('DstT')?.type;
  return IDENTITIES.has(node.op);
}

/** Output `i` of an identity is its input `i`; Print has other inputs, which are only printed. */
function recordSources(node: Node, source: Map<string, string>): void {
  const data = dataInputs(node);
  (node.op === 'IdentityN' ? data : data.slice(0, 1)).forEach((input, i) => {
    source.set(`${node.name}:${i}`, input);
  });
}

function resolveInput(source: ReadonlyMap<string, string>, input: string): string {
  const { node, index } = endpoint(input);
  const found = source.get(`${node}:${Math.max(index, 0)}`);
  if (found === undefined) return input;
  return index < 0 ? `^${endpoint(found).node}` : found;
}

/** Identities that say in which branch or loop something lives: tied ones, those that tie others, and those on an edge of control flow. */
function pinnedNames(graph: Graph): ReadonlySet<string> {
  const pinned = new Set<string>();
  if (!hasControlFlow(graph)) return pinned;
  for (const node of graph.nodes) {
    if (isTied(node, true)) pinned.add(node.name);
    for (const input of node.input) {
      const source = endpoint(input);
      if (source.index < 0) pinned.add(source.node);
      const op = graph.byName.get(source.node)?.op ?? '';
      if (op.endsWith('Switch') || op.endsWith('Enter') || op.endsWith('Merge')) pinned.add(node.name);
    }
  }
  return pinned;
}

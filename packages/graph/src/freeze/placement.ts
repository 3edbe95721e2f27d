/**
 * Control edges say in which order side effects happen; a frozen graph has none. But in TensorFlow 1's control flow they also place
 * nodes without data inputs (constants, say) in a branch of a `cond` or in the frame of a `while_loop`. Those edges stay, all
 * others go.
 *
 * Where a node is, is a list from the outside in: each Switch opens a branch and each Enter a frame; a Merge closes the branch, an
 * Exit the frame.
 */
import { endpoint, type Graph, graphOf, type Node } from '../graph.ts';
import { dataInputs, isControl } from '../inline/walk.ts';

const OPENS = new Set(['Switch', 'RefSwitch', 'Enter', 'RefEnter']);
const FRAME = new Set(['Enter', 'RefEnter']);
const MERGE = new Set(['Merge', 'RefMerge']);
const EXIT = new Set(['Exit', 'RefExit']);

/** Ops that are there for their side effect: an edge from one is replaced by one from what placed it. */
const EFFECTS = /^(Assert|Print|PrintV2|NoOp|Assign.*|.*Summary.*|Check.*)$/;

interface Place {
  readonly outer: Place | undefined;
  readonly frame: boolean;
  readonly depth: number;
}

/** Nodes after those that they depend on. Throws INVALID_ARGUMENT for a cycle. */
export type Order = (graph: Graph) => readonly Node[];

/** `order` is asked only where there is such control flow. */
export function dropControlEdges(graph: Graph, order: Order): Graph {
  if (!graph.nodes.some((node) => node.input.some(isControl))) return graph;
  const places = graph.nodes.some((node) => OPENS.has(node.op)) ? placesOf(graph, order) : undefined;
  const nodes = graph.nodes.map((node) => (node.input.some(isControl) ? placed(graph, node, places) : node));
  return graphOf(nodes, graph.functions, graph.versions);
}

type Places = ReadonlyMap<string, Place>;

/** Where the outputs of each node are; a node that is missing is outside of all branches and frames. */
function placesOf(graph: Graph, order: Order): Places {
  const places = new Map<string, Place>();
  for (const node of order(graph)) {
    const place = outside(node, deepest(node.input, places));
    if (place !== undefined) places.set(node.name, place);
  }
  return places;
}

function outside(node: Node, inner: Place | undefined): Place | undefined {
  if (OPENS.has(node.op)) return { outer: inner, frame: FRAME.has(node.op), depth: depthOf(inner) + 1 };
  // The Merge at the head of a loop closes nothing: what comes into it from outside is the frame itself.
  if (MERGE.has(node.op)) return inner?.frame ? inner : inner?.outer;
  if (!EXIT.has(node.op)) return inner;
  let place = inner;
  while (place !== undefined && !place.frame) place = place.outer;
  return place?.outer;
}

function deepest(inputs: readonly string[], places: Places): Place | undefined {
  let found: Place | undefined;
  for (const input of inputs) {
    const place = places.get(endpoint(input).node);
    if (depthOf(place) > depthOf(found)) found = place;
  }
  return found;
}

function depthOf(place: Place | undefined): number {
  return place?.depth ?? 0;
}

function placed(graph: Graph, node: Node, places: Places | undefined): Node {
  const data = dataInputs(node);
  if (places === undefined) return { ...node, input: data };
  const depth = depthOf(deepest(data, places));
  let edge: string | undefined;
  let edgeDepth = depth;
  for (const input of node.input) {
    const at = depthOf(places.get(endpoint(input).node));
    if (!isControl(input) || at <= edgeDepth) continue;
    edge = input;
    edgeDepth = at;
  }
  return { ...node, input: edge === undefined ? data : [...data, withoutEffect(graph, edge, places)] };
}

/** The nearest node before `edge` in the same place that has no side effect. */
function withoutEffect(graph: Graph, edge: string, places: Places): string {
  const wanted = depthOf(places.get(endpoint(edge).node));
  let name = endpoint(edge).node;
  for (let steps = graph.nodes.length; steps > 0; steps--) {
    const node = graph.byName.get(name);
    if (node === undefined || !EFFECTS.test(node.op)) break;
    const next = node.input
      .map((input) => endpoint(input).node)
      .find((source) => depthOf(places.get(source)) === wanted);
    if (next === undefined) break;
    name = next;
  }
  return `^${name}`;
}

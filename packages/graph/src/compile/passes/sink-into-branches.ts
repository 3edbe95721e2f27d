/** Moves what only one branch of an If needs into that branch, so that it is not computed where the other one is taken. */
import { bodiesOf, type OnnxGraph, type OnnxNode, usedIn, type Value } from '../../onnx-graph.ts';

export function sinkIntoBranches(graph: OnnxGraph): void {
  if (graph.nodes.every(({ op }) => op !== 'If')) return;
  const places = new Places(graph);
  const sunk = new Map<OnnxGraph, OnnxNode[]>();
  const kept: OnnxNode[] = [];
  for (const node of graph.nodes.toReversed()) {
    const place = places.of(node);
    places.use(node, place);
    if (place === graph) kept.push(node);
    else sunk.set(place, [...(sunk.get(place) ?? []), node]);
  }
  graph.nodes = kept.reverse();
  for (const [branch, nodes] of sunk) branch.nodes = [...nodes.reverse(), ...branch.nodes];
}

/** Where each value is used: in the graph itself, or in one branch only. */
class Places {
  private readonly graph: OnnxGraph;
  private readonly places = new Map<Value, OnnxGraph>();

  constructor(graph: OnnxGraph) {
    this.graph = graph;
    for (const { name } of graph.outputs) this.places.set(name, graph);
  }

  /** Where a node can be, users of its results being placed already. */
  of(node: OnnxNode): OnnxGraph {
    const [first, ...others] = new Set(node.outputs.flatMap((output) => this.places.get(output) ?? []));
    return first === undefined || others.length > 0 ? this.graph : first;
  }

  use(node: OnnxNode, place: OnnxGraph): void {
    for (const input of node.inputs) this.add(input, place);
    for (const body of bodiesOf(node)) {
      // A loop would do each turn what it is given now.
      const inside = node.op === 'If' && place === this.graph ? body : place;
      for (const value of usedIn(body)) this.add(value, inside);
    }
  }

  private add(value: Value, place: OnnxGraph): void {
    const known = this.places.get(value);
    this.places.set(value, known === undefined || known === place ? place : this.graph);
  }
}

/** Removes nodes and constants that no output needs. */
import { bodiesOf, type OnnxGraph, type Value } from '../../onnx-graph.ts';
import { pruneLoop } from './dead-loop.ts';

export function removeDead(graph: OnnxGraph): void {
  const live = new Set<Value>();
  sweep(graph, live);
  for (const name of [...graph.constants.keys()]) if (!live.has(name)) graph.constants.delete(name);
}

/** Keeps the nodes that the outputs need, here and in subgraphs, and adds all that those use to `live`. */
function sweep(graph: OnnxGraph, live: Set<Value>): void {
  for (const { name } of graph.outputs) live.add(name);
  const kept = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((output) => live.has(output))) continue;
    pruneLoop(node, (output) => live.has(output));
    for (const input of node.inputs) live.add(input);
    for (const body of bodiesOf(node)) sweep(body, live);
    kept.push(node);
  }
  graph.nodes = kept.reverse();
}

/** Removes nodes and constants that no output needs. */
import type { OnnxGraph } from '../../onnx-graph.ts';

export function removeDead(graph: OnnxGraph): void {
  const live = new Set(graph.outputs.map((output) => output.name));
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i];
    if (node?.outputs.some((output) => live.has(output))) for (const input of node.inputs) live.add(input);
  }
  graph.nodes = graph.nodes.filter((node) => node.outputs.some((output) => live.has(output)));
  for (const name of [...graph.constants.keys()]) if (!live.has(name)) graph.constants.delete(name);
}

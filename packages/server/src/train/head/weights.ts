/** Weights between the graph and the trainer: constants as layers, and layers as constants again. */
import { constNode, constValue, type Graph, graphOf, type Node } from '@floe/graph';
import type { DenseNode, Head } from './find.ts';
import type { Layer } from './network.ts';

export function layerOf({ weights, bias, isTransposed, inputs, outputs }: DenseNode): Layer {
  const stored = constValue(weights).data as Float32Array;
  return {
    inputs,
    outputs,
    weights: isTransposed ? stored.slice() : transposed(stored, inputs, outputs),
    bias: bias === undefined ? new Float32Array(outputs) : (constValue(bias).data as Float32Array).slice(),
  };
}

/** The graph with other weights in the same constants, and nothing else changed. */
export function withLayers(graph: Graph, head: Head, layers: readonly Layer[]): Graph {
  const changed = new Map<string, Node>();
  for (const [at, { weights, bias, isTransposed, inputs, outputs }] of head.layers.entries()) {
    const layer = layers[at] as Layer;
    const data = isTransposed ? layer.weights : transposed(layer.weights, outputs, inputs);
    changed.set(weights.name, withData(weights, data));
    if (bias !== undefined) changed.set(bias.name, withData(bias, layer.bias));
  }
  return graphOf(
    graph.nodes.map((node) => changed.get(node.name) ?? node),
    graph.functions,
    graph.versions,
  );
}

function withData(node: Node, data: Float32Array): Node {
  const { shape } = constValue(node);
  const made = constNode(node.name, { dtype: 'float32', shape, data });
  return { ...node, attr: new Map([...node.attr, ['value', made.attr.get('value') as never]]) };
}

/** [rows, columns] -> [columns, rows]. */
function transposed(data: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      turned[column * rows + row] = data[row * columns + column] as number;
  }
  return turned;
}

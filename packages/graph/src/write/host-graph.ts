/** Writes the host's part of a graph, whose nodes keep their order. */
import { type Graph, graphToDef } from '../graph.ts';
import { GraphDef } from '../proto/tensorflow.ts';

export function hostChunks(graph: Graph): readonly Uint8Array[] {
  return GraphDef.chunks(graphToDef(graph));
}

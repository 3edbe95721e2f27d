/**
 * Pushes transpositions down the graph until they cancel or have to be made. The walk keeps a transposed value as a view (source and
 * permutation) and makes no node for it; ops that can work in any layout work on the source instead and give a view again. So between
 * two convolutions, which want channels first, nothing is transposed at all. One pass, linear in the size of the graph.
 */
import type { OnnxGraph } from '../../onnx-graph.ts';
import { LAYOUT_RULES } from './layout-rules.ts';
import { LayoutWalk } from './layout-walk.ts';

export function pushTransposes(graph: OnnxGraph): void {
  const walk = new LayoutWalk(graph, LAYOUT_RULES);
  for (const node of graph.nodes) walk.visit(node);
  graph.nodes = walk.finish();
}

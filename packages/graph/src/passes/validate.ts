/** Checks what every graph must satisfy, after each pass under test. */
import { topologicalOrder } from '../analysis/order.ts';
import { FloeError } from '../errors.ts';
import type { Graph, Node } from '../graph.ts';

/**
 * Every input exists, there is no cycle but through NextIteration, names are unique and indexed, and control inputs come last, as
 * TensorFlow wants them. Throws INVALID_ARGUMENT for the first two and INTERNAL for the others, which no file can cause.
 */
export function validate(graph: Graph): void {
  if (graph.byName.size !== graph.nodes.length) throw new FloeError('INTERNAL', 'two nodes share a name');
  for (const node of graph.nodes) {
    if (graph.byName.get(node.name) !== node) throw wrong(node, 'is not indexed');
    const firstControl = node.input.findIndex((input) => input.startsWith('^'));
    const misplaced = firstControl >= 0 && node.input.slice(firstControl).some((input) => !input.startsWith('^'));
    if (misplaced) throw wrong(node, 'has a data input behind a control input');
  }
  topologicalOrder(graph);
}

function wrong({ name, op }: Node, what: string): FloeError {
  return new FloeError('INTERNAL', `node ${name} (${op}) ${what}`, { node: name, op });
}

/**
 * What cannot be below a number and cannot be above it is that number: `tf.math.bincount` with as many bins at least as at most, of which
 * layers that encode categories make their width.
 *
 *   Minimum(c, Maximum(d, x)) = c      of integers where c <= d
 */
import { type Analysis, analyse } from '../analysis/index.ts';
import { constNode } from '../constants.ts';
import { endpoint, type Graph, type Node, tensorName } from '../graph.ts';
import type { Tensor } from '../tensor.ts';
import { hasControlFlow, nodesOf, type Pass, withNodes } from './pass.ts';

export const foldClamps: Pass = (graph, keep, feeds) => {
  if (hasControlFlow(graph) || !graph.nodes.some(({ op }) => op === 'Minimum')) return graph;
  const analysis = analyse(graph, feeds);
  const fixed = new Set([...nodesOf(keep), ...nodesOf(feeds.keys())]);
  const clamps = new Clamps(graph, analysis);
  const nodes = graph.nodes.map((node) => {
    const value = node.op === 'Minimum' && !fixed.has(node.name) ? clamps.valueOf(node) : undefined;
    return value === undefined ? node : constNode(node.name, value);
  });
  return nodes.every((node, i) => node === graph.nodes[i]) ? graph : withNodes(graph, nodes);
};

class Clamps {
  private readonly graph: Graph;
  private readonly analysis: Analysis;

  constructor(graph: Graph, analysis: Analysis) {
    this.graph = graph;
    this.analysis = analysis;
  }

  /** The only value of a minimum. */
  valueOf({ input: [a = '', b = ''] }: Node): Tensor | undefined {
    return this.clamped(a, b) ?? this.clamped(b, a);
  }

  private clamped(most: string, other: string): Tensor | undefined {
    const limit = this.scalar(most);
    const inner = this.graph.byName.get(endpoint(other).node);
    if (limit === undefined || inner?.op !== 'Maximum' || this.analysis.dims(tensorName(other))?.length !== 0)
      return undefined;
    const least = inner.input.map((input) => this.scalar(input)).find((value) => value !== undefined);
    return least !== undefined && numberOf(limit) <= numberOf(least) ? limit : undefined;
  }

  private scalar(input: string): Tensor | undefined {
    const constant = this.analysis.constant(tensorName(input));
    const whole = constant?.dtype === 'int32' || constant?.dtype === 'int64';
    return whole && constant.shape.length === 0 ? constant : undefined;
  }
}

function numberOf({ data }: Tensor): number | bigint {
  return (data as ArrayLike<number | bigint>)[0] ?? 0;
}

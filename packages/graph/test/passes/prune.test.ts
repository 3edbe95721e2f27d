/** Nodes that no kept tensor needs go; feeds stay. */
import { describe, expect, it } from 'vitest';
import type { Feeds } from '../../src/analysis/index.ts';
import type { Graph } from '../../src/graph.ts';
import { prune } from '../../src/passes/prune.ts';
import { validate } from '../../src/passes/validate.ts';
import { floats, graph, node, placeholder } from '../support/nodes.ts';

function run(g: Graph, keep: readonly string[], ...fed: readonly string[]): readonly string[] {
  const feeds: Feeds = new Map(fed.map((name) => [`${name}:0`, { dtype: 'float32', shape: [1] } as const]));
  const pruned = prune(g, new Set(keep), feeds);
  validate(pruned);
  return pruned.nodes.map(({ name, input }) => `${name}(${input})`);
}

const x = placeholder('x', [1]);

describe('prune', () => {
  it('removes what nothing kept needs, control edges included, but no feed', () => {
    const g = graph(
      x,
      placeholder('unused', [1]),
      node('NoOp', 'init'),
      node('Neg', 'a', ['x', '^init']),
      node('Neg', 'b', ['a']),
    );
    expect(run(g, ['a:0'], 'x', 'unused')).toEqual(['x()', 'unused()', 'a(x)']);
  });

  it('keeps a node for any of its outputs, and its constants', () => {
    const g = graph(
      x,
      floats('axis', [], [0]),
      floats('other', [], [0]),
      node('Split', 's', ['axis', 'x'], { num_split: 2 }),
      node('Neg', 'y', ['s:1']),
    );
    expect(run(g, ['y:0'], 'x')).toEqual(['x()', 'axis()', 's(axis,x)', 'y(s:1)']);
  });

  it('keeps what two kept tensors share once', () => {
    const g = graph(
      x,
      node('Neg', 'a', ['x']),
      node('Abs', 'b', ['a']),
      node('Exp', 'c', ['a']),
      node('Log', 'd', ['c']),
    );
    expect(run(g, ['b:0', 'c:0'], 'x')).toEqual(['x()', 'a(x)', 'b(a)', 'c(a)']);
  });

  it('keeps control edges in a graph with control flow, where they say in which branch a node lives', () => {
    const g = graph(
      x,
      placeholder('p', [], 'bool'),
      node('Switch', 's', ['x', 'p']),
      node('Identity', 'pivot', ['s:1']),
      floats('c', [1], [1]),
      node('Neg', 'n', ['c', '^pivot']),
      node('Merge', 'm', ['s', 'n'], { N: 2 }),
      node('Abs', 'unused', ['x']),
    );
    expect(run(g, ['m:0'], 'x', 'p')).toEqual(['x()', 'p()', 's(x,p)', 'pivot(s:1)', 'c()', 'n(c,^pivot)', 'm(s,n)']);
  });

  it('gives a graph of which everything is needed the same nodes', () => {
    const g = graph(x, node('Neg', 'a', ['x']));
    const pruned = prune(g, new Set(['a:0']), new Map());
    expect(pruned.nodes).toEqual(g.nodes);
    expect(pruned.nodes.every((each, i) => each === g.nodes[i])).toBe(true);
  });
});

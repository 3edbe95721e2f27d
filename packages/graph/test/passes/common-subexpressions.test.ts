/** One node for several that compute the same. */
import { describe, expect, it } from 'vitest';
import type { Graph } from '../../src/graph.ts';
import { commonSubexpressions } from '../../src/passes/common-subexpressions.ts';
import { validate } from '../../src/passes/validate.ts';
import { constant, floats, graph, ints, node, placeholder } from '../support/nodes.ts';

function run(g: Graph, keep: readonly string[], fed: readonly string[] = []): readonly string[] {
  const feeds = new Map(fed.map((name) => [name, { dtype: 'float32', shape: [2] } as const]));
  const out = commonSubexpressions(g, new Set(keep), feeds);
  validate(out);
  return out.nodes.map(({ name, input }) => `${name}(${input})`);
}

const x = placeholder('x', [2]);

describe('common-subexpressions', () => {
  it('merges equal nodes on equal nodes, constants by value', () => {
    const g = graph(
      x,
      ints('one', 1),
      ints('uno', 1),
      node('ExpandDims', 'a', ['x', 'one']),
      node('ExpandDims', 'b', ['x:0', 'uno']),
      node('Split', 's', ['one', 'a'], { num_split: 1 }),
      node('Split', 't', ['uno', 'b'], { num_split: 1 }),
      node('Add', 'y', ['s', 't:0']),
    );
    expect(run(g, ['y:0'])).toEqual(['x()', 'one()', 'a(x,one)', 's(one,a)', 'y(s,s)']);
  });

  it.each([
    ['attributes', node('Cast', 'a', ['x'], { DstT: 'int32' }), node('Cast', 'b', ['x'], { DstT: 'int64' })],
    ['inputs', node('Neg', 'a', ['x']), node('Neg', 'b', ['c'])],
    ['ops that nobody knows', node('Frobnicate', 'a', ['x']), node('Frobnicate', 'b', ['x'])],
    [
      'random numbers',
      node('RandomUniform', 'a', ['i'], { dtype: 'float32' }),
      node('RandomUniform', 'b', ['i'], { dtype: 'float32' }),
    ],
    ['placeholders', placeholder('a', [2]), placeholder('b', [2])],
    ['dtypes', constant('a', 'int32', [], [1]), constant('b', 'uint32', [], [1])],
    ['signs of zero', floats('a', [], [0]), floats('b', [], [-0])],
    [
      'signs of zero in attributes',
      node('LeakyRelu', 'a', ['x'], { alpha: { float: 0 } }),
      node('LeakyRelu', 'b', ['x'], { alpha: { float: -0 } }),
    ],
  ])('keeps what differs in %s', (_, a, b) => {
    const g = graph(x, floats('c', [2], [1, 2]), ints('i', [2]), a, b);
    expect(run(g, ['a:0', 'b:0'])).toHaveLength(g.nodes.length);
    expect(run(g, [])).toHaveLength(g.nodes.length);
  });

  it('pays no attention to where a node was placed', () => {
    const g = graph(
      x,
      node('Neg', 'a', ['x'], { _class: { text: 'loc:@x' } }),
      node('Neg', 'b', ['x']),
      node('Add', 'y', ['a', 'b']),
    );
    expect(run(g, ['y:0'])).toEqual(['x()', 'a(x)', 'y(a,a)']);
  });

  it('keeps a kept double, and leaves fed ones alone', () => {
    const g = graph(x, node('Neg', 'a', ['x']), node('Neg', 'b', ['x']), node('Add', 'y', ['a', 'b']));
    expect(run(g, ['y:0', 'b:0'])).toEqual(['x()', 'a(x)', 'b(x)', 'y(a,a)']);
    expect(run(g, ['y:0'], ['b:0'])).toEqual(['x()', 'a(x)', 'b(x)', 'y(a,b)']);
  });
});

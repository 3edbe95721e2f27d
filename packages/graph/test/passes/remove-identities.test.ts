/** Nodes that hand their input on are read through. */
import { describe, expect, it } from 'vitest';
import type { Feeds } from '../../src/analysis/index.ts';
import type { Graph } from '../../src/graph.ts';
import { removeIdentities } from '../../src/passes/remove-identities.ts';
import { validate } from '../../src/passes/validate.ts';
import { floats, graph, node, placeholder } from '../support/nodes.ts';

function run(g: Graph, keep: readonly string[], feeds: Feeds = new Map()): Record<string, readonly string[]> {
  const out = removeIdentities(g, new Set(keep), feeds);
  validate(out);
  return Object.fromEntries(out.nodes.map(({ name, input }) => [name, input]));
}

const x = placeholder('x', [2]);

describe('remove-identities', () => {
  it.each(['Identity', 'StopGradient', 'PreventGradient', 'CheckNumerics', 'Snapshot'])(
    'reads through %s, however many',
    (op) => {
      const g = graph(x, node(op, 'a', ['x']), node(op, 'b', ['a:0']), node('Neg', 'y', ['b']));
      expect(run(g, ['y:0'])).toEqual({ x: [], y: ['x'] });
    },
  );

  it('knows which output of an IdentityN is which input', () => {
    const g = graph(x, node('Neg', 'n', ['x']), node('IdentityN', 'i', ['x', 'n']), node('Sub', 'y', ['i:1', 'i']));
    expect(run(g, ['y:0'])).toEqual({ x: [], n: ['x'], y: ['n', 'x'] });
  });

  it('takes a cast to the same dtype away, and no other', () => {
    const g = graph(
      x,
      node('Cast', 'a', ['x'], { SrcT: 'float32', DstT: 'float32' }),
      node('Cast', 'b', ['a'], { SrcT: 'float32', DstT: 'int32' }),
    );
    expect(run(g, ['b:0'])).toEqual({ x: [], b: ['x'] });
  });

  it('keeps a kept one, which its users no longer read', () => {
    const g = graph(x, node('Identity', 'i', ['x']), node('Neg', 'y', ['i']));
    expect(run(g, ['y:0', 'i:0'])).toEqual({ x: [], i: ['x'], y: ['x'] });
  });

  it('keeps a fed one with its users', () => {
    const g = graph(x, node('Identity', 'i', ['x']), node('Neg', 'y', ['i']));
    expect(run(g, ['y:0'], new Map([['i:0', { dtype: 'float32', shape: [2] }]]))).toEqual({
      x: [],
      i: ['x'],
      y: ['i'],
    });
  });

  it('lets a placeholder keep its default unless it is fed', () => {
    const g = graph(
      floats('d', [], [1]),
      node('PlaceholderWithDefault', 'p', ['d'], { dtype: 'float32' }),
      node('Neg', 'y', ['p']),
    );
    expect(run(g, ['y:0'])).toEqual({ d: [], y: ['d'] });
    expect(run(g, ['y:0'], new Map([['p:0', { dtype: 'float32', shape: [] }]]))).toEqual({ d: [], p: ['d'], y: ['p'] });
  });

  it('moves a control edge to the source', () => {
    const g = graph(x, node('Identity', 'i', ['x']), floats('c', [], [1]), node('Neg', 'y', ['c', '^i']));
    expect(run(g, ['y:0'])).toEqual({ x: [], c: [], y: ['c', '^x'] });
  });

  it('leaves the pivots of a TensorFlow 1 conditional', () => {
    const g = graph(
      x,
      placeholder('p', [], 'bool'),
      node('Switch', 's', ['x', 'p']),
      node('Identity', 't', ['s:1']),
      node('Neg', 'n', ['x', '^t']),
    );
    expect(run(g, ['n:0'])).toMatchObject({ t: ['s:1'] });
  });
});

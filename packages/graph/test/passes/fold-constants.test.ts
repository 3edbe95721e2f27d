/** Constants take the place of what the analysis can compute. */
import { describe, expect, it } from 'vitest';
import { constValue } from '../../src/constants.ts';
import type { Graph } from '../../src/graph.ts';
import { foldConstants } from '../../src/passes/fold-constants.ts';
import { prune } from '../../src/passes/prune.ts';
import { validate } from '../../src/passes/validate.ts';
import { constant, floats, graph, ints, node, placeholder } from '../support/nodes.ts';

const feeds = new Map([['x:0', { dtype: 'float32', shape: [-1, 3136] } as const]]);

function fold(g: Graph, ...keep: readonly string[]): Graph {
  const folded = foldConstants(g, new Set(keep), feeds);
  validate(folded);
  return prune(folded, new Set(keep), feeds);
}

const names = (g: Graph): readonly string[] => g.nodes.map(({ name }) => name);

function contentOf(g: Graph, name: string): unknown {
  const found = g.byName.get(name);
  return found?.op === 'Const' ? Array.from(constValue(found).data as ArrayLike<number>) : found?.op;
}

describe('fold-constants', () => {
  it('makes the batch norm of Keras 3 one scale and one shift', () => {
    const g = graph(
      placeholder('x', [-1, 3136]),
      floats('variance', [2], [0.25, 3.75]),
      floats('epsilon', [], [0.25]),
      floats('gamma', [2], [1, 4]),
      floats('mean', [2], [1, 2]),
      floats('beta', [2], [0, 1]),
      node('AddV2', 'add', ['variance', 'epsilon']),
      node('Rsqrt', 'rsqrt', ['add']),
      node('Mul', 'scale', ['rsqrt', 'gamma']),
      node('Mul', 'moved', ['mean', 'scale']),
      node('Sub', 'shift', ['beta', 'moved']),
      node('Reshape', 'pairs', ['x', 'target']),
      ints('target', [-1, 2]),
      node('Mul', 'scaled', ['pairs', 'scale']),
      node('AddV2', 'y', ['scaled', 'shift']),
    );
    const folded = fold(g, 'y:0');
    expect(names(folded)).toEqual(['x', 'scale', 'shift', 'pairs', 'target', 'scaled', 'y']);
    expect([contentOf(folded, 'scale'), contentOf(folded, 'shift')]).toEqual([
      [Math.fround(1 / Math.sqrt(0.5)), 2],
      [-Math.fround(1 / Math.sqrt(0.5)), -3],
    ]);
  });

  it('gives a Reshape that keeps the batch a constant target, and the shape subgraph goes', () => {
    const g = graph(
      placeholder('x', null),
      node('Shape', 'shape', ['x']),
      ints('zero', [0]),
      ints('one', [1]),
      node('StridedSlice', 'batch', ['shape', 'zero', 'one', 'one'], { shrink_axis_mask: 1 }),
      ints('side', 7),
      ints('channels', 64),
      node('Pack', 'target', ['batch', 'side', 'side', 'channels']),
      node('Reshape', 'y', ['x', 'target']),
    );
    const folded = fold(g, 'y:0');
    expect(names(folded)).toEqual(['x', 'y/shape', 'y']);
    expect(contentOf(folded, 'y/shape')).toEqual([-1, 7, 7, 64]);
  });

  it('leaves a target with two unknown sizes', () => {
    const two = new Map([['x:0', { dtype: 'float32', shape: [-1, -1, 4] } as const]]);
    const g = graph(
      placeholder('x', null),
      node('Shape', 's', ['x']),
      node('Relu', 'r', ['x']),
      node('Reshape', 'y', ['r', 's']),
    );
    expect(foldConstants(g, new Set(['y:0']), two).byName.get('y')?.input).toEqual(['r', 's']);
  });

  it('keeps the names of kept nodes, and copies no weights for an Identity', () => {
    const g = graph(floats('w', [2], [1, 2]), node('Identity', 'w/read', ['w']), node('Neg', 'n', ['w/read']));
    const folded = fold(g, 'n:0', 'w/read:0');
    expect([contentOf(folded, 'n'), contentOf(folded, 'w/read')]).toEqual([[-1, -2], 'Identity']);
  });

  it('reads the outputs of a split from constants of their own, while a kept split stays', () => {
    const g = graph(
      ints('axis', 0),
      floats('w', [4], [1, 2, 3, 4]),
      node('Split', 's', ['axis', 'w'], { num_split: 2 }),
      placeholder('z', [2]),
      node('Mul', 'a', ['z', 's:1']),
      node('Mul', 'b', ['a', 's:1']),
    );
    const folded = fold(g, 'b:0');
    expect(names(folded)).toEqual(['z', 's/1', 'a', 'b']);
    expect(contentOf(folded, 's/1')).toEqual([3, 4]);
    expect(names(fold(g, 'b:0', 's:0'))).toContain('s');
  });

  it('computes nothing that is fed', () => {
    const g = graph(floats('w', [2], [1, 2]), node('Neg', 'n', ['w']), node('Neg', 'm', ['n']));
    const folded = foldConstants(g, new Set(['m:0']), new Map([['n:0', { dtype: 'float32', shape: [2] } as const]]));
    expect(folded.nodes.map(({ op }) => op)).toEqual(['Const', 'Neg', 'Neg']);
  });

  it('leaves a constant in the branch of a TensorFlow 1 conditional that it lives in', () => {
    const g = graph(
      placeholder('p', [], 'bool'),
      floats('c', [], [1]),
      node('Switch', 'switch', ['c', 'p']),
      node('Identity', 'taken', ['switch:1']),
      constant('one', 'float32', [], [1]),
      node('Neg', 'minus', ['one', '^taken']),
      node('Merge', 'y', ['minus', 'switch']),
    );
    const folded = foldConstants(g, new Set(['y:0']), new Map([['p:0', { dtype: 'bool', shape: [] } as const]]));
    expect(folded.byName.get('minus')?.input).toEqual(['one', '^taken']);
    expect(prune(folded, new Set(['y:0']), new Map()).nodes.length).toBe(g.nodes.length);
  });
});

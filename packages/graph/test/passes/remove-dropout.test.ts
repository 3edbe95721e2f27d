/** Dropout with a keep_prob of 1, in the forms that TensorFlow has written it. */
import { describe, expect, it } from 'vitest';
import type { Graph, Node } from '../../src/graph.ts';
import { foldConstants } from '../../src/passes/fold-constants.ts';
import { optimise } from '../../src/passes/index.ts';
import { removeDropout } from '../../src/passes/remove-dropout.ts';
import { validate } from '../../src/passes/validate.ts';
import { floats, graph, node, placeholder } from '../support/nodes.ts';

const feeds = new Map([['x:0', { dtype: 'float32', shape: [-1, 8] } as const]]);

/** Random numbers of the shape of x, as `tf.random.uniform` makes them. */
const uniform: readonly Node[] = [
  node('Shape', 'shape', ['x']),
  node('RandomUniform', 'u', ['shape'], { dtype: 'float32' }),
  floats('min', [], [0]),
  floats('max', [], [1]),
  node('Sub', 'width', ['max', 'min']),
  node('Mul', 'wide', ['u', 'width']),
  node('AddV2', 'random', ['wide', 'min']),
];

function oldest(keep: number): Graph {
  return graph(
    placeholder('x', null),
    ...uniform,
    floats('keep_prob', [], [keep]),
    node('Add', 'sum', ['keep_prob', 'random']),
    node('Floor', 'mask', ['sum']),
    node('RealDiv', 'scaled', ['x', 'keep_prob'], { T: 'float32' }),
    node('Mul', 'dropped', ['scaled', 'mask'], { T: 'float32' }),
    node('Relu', 'y', ['dropped']),
  );
}

function middle(keep: number): Graph {
  return graph(
    placeholder('x', null),
    ...uniform,
    floats('keep_prob', [], [keep]),
    floats('one', [], [1]),
    node('Sub', 'rate', ['one', 'keep_prob']),
    node('Sub', 'rest', ['one', 'rate']),
    node('RealDiv', 'scale', ['one', 'rest']),
    node('Mul', 'scaled', ['x', 'scale'], { T: 'float32' }),
    node('GreaterEqual', 'chosen', ['random', 'rate']),
    node('Cast', 'mask', ['chosen'], { SrcT: 'bool', DstT: 'float32' }),
    node('Mul', 'dropped', ['scaled', 'mask'], { T: 'float32' }),
    node('Relu', 'y', ['dropped']),
  );
}

function newest(keep: number): Graph {
  const g = middle(keep);
  const nodes = g.nodes.filter(({ name }) => name !== 'mask' && name !== 'dropped');
  return graph(
    ...nodes,
    floats('zero', [], [0]),
    node('SelectV2', 'dropped', ['chosen', 'scaled', 'zero'], { T: 'float32' }),
  );
}

describe('remove-dropout', () => {
  it.each([
    ['floor(keep_prob + random)', oldest],
    ['random >= rate, cast', middle],
    ['random >= rate, selected', newest],
  ] as const)('takes %s away where nothing is dropped', (_, form) => {
    const out = optimise(form(1), new Set(['y:0']), feeds);
    validate(out);
    expect(out.nodes.map(({ name, input }) => [name, input])).toEqual([
      ['x', []],
      ['y', ['x']],
    ]);
    expect(optimise(form(0.5), new Set(['y:0']), feeds).nodes.some(({ op }) => op === 'RandomUniform')).toBe(true);
  });

  it('leaves an Identity under a kept name', () => {
    const keep = new Set(['y:0', 'dropped:0']);
    const out = removeDropout(foldConstants(middle(1), keep, feeds), keep, feeds);
    validate(out);
    expect(out.byName.get('dropped')).toMatchObject({ op: 'Identity', input: ['x'] });
    expect(out.byName.get('y')?.input).toEqual(['x']);
  });

  it('keeps a mask that broadcasts the value', () => {
    const g = graph(
      placeholder('x', null),
      ...uniform,
      floats('zero', [], [0]),
      node('GreaterEqual', 'chosen', ['random', 'zero']),
      node('Cast', 'mask', ['chosen'], { SrcT: 'bool', DstT: 'float32' }),
      floats('row', [8], [1, 2, 3, 4, 5, 6, 7, 8]),
      node('Mul', 'y', ['row', 'mask']),
    );
    expect(removeDropout(foldConstants(g, new Set(['y:0']), feeds), new Set(['y:0']), feeds).byName.get('y')?.op).toBe(
      'Mul',
    );
  });
});

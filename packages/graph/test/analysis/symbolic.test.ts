/** Shape arithmetic with a batch that only a feed tells. */
import { describe, expect, it } from 'vitest';
import { analyse, type Feeds } from '../../src/analysis/index.ts';
import { constant, floats, graph, ints, node, placeholder } from '../support/nodes.ts';

const batchOf = (...shape: readonly number[]): Feeds => new Map([['x:0', { dtype: 'float32', shape }]]);

const slice0 = (name: string, from: string) => [
  ints(`${name}/b`, [0]),
  ints(`${name}/e`, [1]),
  ints(`${name}/s`, [1]),
  node('StridedSlice', name, [from, `${name}/b`, `${name}/e`, `${name}/s`], { shrink_axis_mask: 1 }),
];

describe('an unknown batch', () => {
  const x = placeholder('x', null);

  it('goes through Shape, StridedSlice, Pack and Reshape', () => {
    const nodes = [node('Shape', 'shape', ['x']), ...slice0('batch', 'shape'), ints('h', 7), ints('c', 64)];
    const g = graph(
      x,
      ...nodes,
      node('Pack', 'target', ['batch', 'h', 'h', 'c']),
      node('Reshape', 'y', ['x', 'target']),
    );
    const facts = analyse(g, batchOf(-1, 3136));
    expect(facts.partial('target:0')).toEqual([undefined, 7, 7, 64]);
    expect(facts.constant('target:0')).toBeUndefined();
    expect(facts.type('y:0')).toEqual({ dtype: 'float32', shape: [-1, 7, 7, 64] });
    expect(facts.dims('y:0')?.[0]).toBe(facts.dims('x:0')?.[0]);
  });

  it('is a size where a scalar holds it, as a number is that is none or more', () => {
    const g = graph(
      x,
      node('Shape', 's', ['x']),
      ...slice0('batch', 's'),
      ints('four', 4),
      ints('less', -1),
      ints('two', [1, 2]),
    );
    const facts = analyse(g, batchOf(-1, 7));
    expect(facts.size('batch:0')).toBe(facts.dims('x:0')?.[0]);
    expect(['four:0', 'less:0', 'two:0', 'x:0'].map((tensor) => facts.size(tensor))).toEqual([4, -1, -1, -1]);
  });

  it('stays in front where a flatten leaves the rest to be counted', () => {
    const g = graph(
      x,
      node('Shape', 's', ['x']),
      ...slice0('batch', 's'),
      ints('rest', -1),
      node('Pack', 't', ['batch', 'rest']),
      node('Reshape', 'y', ['x', 't']),
    );
    const facts = analyse(g, batchOf(-1, 7, 7, 64));
    expect(facts.type('y:0').shape).toEqual([-1, 3136]);
  });

  it('is found again where a constant target counts it', () => {
    const facts = analyse(graph(x, ints('t', [-1, 3136]), node('Reshape', 'y', ['x', 't'])), batchOf(-1, 7, 7, 64));
    expect(facts.dims('y:0')).toEqual([facts.dims('x:0')?.[0], 3136]);
  });

  it.each([
    ['ConcatV2', ['first', 'tail', 'axis0'], [undefined, 49, 64]],
    ['Slice', ['shape', 'one', 'two'], [7, 7]],
    ['GatherV2', ['shape', 'order', 'axis0'], [64, undefined]],
    ['Mul', ['shape', 'factors'], [undefined, 14, 7, 128]],
    ['AddV2', ['shape', 'zeros'], [undefined, 7, 7, 64]],
    ['FloorDiv', ['shape', 'factors'], [undefined, 3, 7, 32]],
    ['Maximum', ['shape', 'factors'], [undefined, 7, 7, 64]],
  ] as const)('mixes with known sizes in %s(%j) = %j', (op, inputs, expected) => {
    const g = graph(
      x,
      node('Shape', 'shape', ['x']),
      ints('zero', [0]),
      ints('one', [1]),
      ints('two', [2]),
      ints('axis0', 0),
      ints('tail', [49, 64]),
      ints('order', [3, 0]),
      ints('factors', [3, 2, 1, 2]),
      ints('zeros', [0, 0, 0, 0]),
      node('Slice', 'first', ['shape', 'zero', 'one']),
      node(op, 'n', inputs),
    );
    expect(analyse(g, batchOf(-1, 7, 7, 64)).partial('n:0')).toEqual(expected);
  });

  it('gives the product of the other dimensions, and none of its own', () => {
    const g = graph(
      x,
      node('Shape', 's', ['x']),
      ints('axis', 0),
      node('Prod', 'all', ['s', 'axis']),
      node('Size', 'size', ['x']),
      node('Rank', 'rank', ['x']),
    );
    const facts = analyse(g, batchOf(-1, 7));
    expect([facts.partial('all:0'), facts.partial('size:0'), facts.partial('rank:0')]).toEqual([
      [undefined],
      [undefined],
      [2],
    ]);
    const known = analyse(g, batchOf(3, 7));
    expect([known.partial('all:0'), known.partial('size:0')]).toEqual([[21], [21]]);
  });

  it('passes convolutions, pools and products unchanged, and is not confused with another one', () => {
    const g = graph(
      x,
      placeholder('other', null),
      floats('k', [3, 3, 1, 8], new Array(72).fill(0)),
      node('Conv2D', 'conv', ['x', 'k'], { strides: [1, 2, 2, 1], padding: { text: 'SAME' } }),
      node('MaxPool', 'pool', ['conv'], { ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: { text: 'VALID' } }),
      node('AddV2', 'twice', ['pool', 'pool']),
      node('AddV2', 'sum', ['pool', 'other']),
    );
    const feeds: Feeds = new Map([...batchOf(-1, 28, 28, 1), ['other:0', { dtype: 'float32', shape: [-1, 7, 7, 8] }]]);
    const facts = analyse(g, feeds);
    expect(facts.type('pool:0').shape).toEqual([-1, 7, 7, 8]);
    expect(facts.dims('twice:0')?.[0]).toBe(facts.dims('x:0')?.[0]);
    expect(facts.dims('sum:0')?.[0]).toBe(-1);
  });

  it('broadcasts against a larger size to that size, for it can only be 1 or that', () => {
    const g = graph(x, floats('c', [5, 1], [1, 2, 3, 4, 5]), node('Mul', 'y', ['x', 'c']));
    expect(analyse(g, batchOf(-1, 3)).type('y:0').shape).toEqual([5, 3]);
  });
});

describe('feeds', () => {
  it('override what the node says, value and all', () => {
    const g = graph(floats('c', [2], [1, 2]), node('Neg', 'n', ['c']));
    const facts = analyse(g, new Map([['c:0', { dtype: 'float32', shape: [-1] }]]));
    expect(facts.constant('n:0')).toBeUndefined();
    expect(facts.type('n:0')).toEqual({ dtype: 'float32', shape: [-1] });
    expect(analyse(g, new Map()).constant('n:0')?.data).toEqual(Float32Array.of(-1, -2));
  });

  it('may be one output of several', () => {
    const g = graph(
      ints('axis', 0),
      floats('c', [2], [1, 2]),
      node('Split', 's', ['axis', 'c'], { num_split: 2 }),
      node('Neg', 'a', ['s']),
      node('Neg', 'b', ['s:1']),
    );
    const facts = analyse(g, new Map([['s:1', { dtype: 'float32', shape: [1] }]]));
    expect(facts.constant('a:0')?.data).toEqual(Float32Array.of(-1));
    expect(facts.constant('b:0')).toBeUndefined();
  });

  it('of a known shape make their shape a constant', () => {
    const g = graph(placeholder('x', null), node('Shape', 's', ['x'], { out_type: 'int64' }));
    expect(analyse(g, batchOf(4, 5)).constant('s:0')).toEqual({
      dtype: 'int64',
      shape: [2],
      data: BigInt64Array.of(4n, 5n),
    });
  });
});

describe('what inference does not know', () => {
  it.each([
    [{ T: 'float32' }, 'float32'],
    [{ T: 'float32', out_type: 'int64' }, 'int64'],
    [{}, 'variant'],
  ] as const)('has the dtype its attributes %j tell, else none (variant): %s', (attrs, dtype) => {
    const g = graph(placeholder('x', [2], 'float64'), node('Frobnicate', 'f', ['x'], attrs), node('Neg', 'n', ['f:3']));
    const facts = analyse(g, new Map());
    expect(facts.type('f:0')).toEqual({ dtype, shape: null });
    expect(facts.type('n:0').shape).toBeNull();
  });

  it('has the dtypes that a list tells', () => {
    const g = graph(
      placeholder('x', [2]),
      node('PartitionedCall', 'f', ['x'], { Tout: { dtypes: ['int32', 'bool'] } }),
    );
    expect(analyse(g, new Map()).type('f:1')).toEqual({ dtype: 'bool', shape: null });
  });

  it('does not exist at all under a name that no node has', () => {
    expect(() => analyse(graph(), new Map()).type('x:0')).toThrow('the graph has no tensor x:0');
  });
});

describe('folding is bounded', () => {
  it('leaves a large repetition of little to the run', () => {
    const g = graph(ints('d', [100, 100]), constant('v', 'float32', [], [1]), node('Fill', 'f', ['d', 'v']));
    const facts = analyse(g, new Map());
    expect(facts.constant('f:0')).toBeUndefined();
    expect(facts.type('f:0').shape).toEqual([100, 100]);
  });

  it('leaves results over 16 MiB to the run', () => {
    const column = floats('c', [2100, 1], new Array(2100).fill(1));
    const row = floats('r', [1, 2100], new Array(2100).fill(1));
    const facts = analyse(graph(column, row, node('Mul', 'm', ['c', 'r'])), new Map());
    expect(facts.constant('m:0')).toBeUndefined();
  });

  it('ends at 256 MiB in all', () => {
    const column = floats('c', [2048, 1], new Array(2048).fill(1));
    const row = floats('r', [1, 2048], new Array(2048).fill(1));
    const many = Array.from({ length: 20 }, (_, i) => node('Shape', `s${i}`, [`m${i}`]));
    const products = Array.from({ length: 20 }, (_, i) => node('Mul', `m${i}`, ['c', 'r']));
    const facts = analyse(graph(column, row, ...products, ...many), new Map());
    expect(products.filter(({ name }) => facts.constant(`${name}:0`) !== undefined).length).toBe(16);
  });
});

/** Graphs of few bytes that ask for much: each is refused by name, soon and without much memory, or compiled. */
import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compile/index.ts';
import { freeze } from '../../src/freeze.ts';
import { attrOf, type Graph, graphToDef, type Node } from '../../src/graph.ts';
import { inlineCalls } from '../../src/inline/index.ts';
import type { FunctionDef } from '../../src/proto/tensorflow.ts';
import { sourceOfGraph } from '../../src/read/frozen-graph.ts';
import { caller, fn, withFunctions } from '../support/functions.ts';
import { constant, floats, graph, ints, node, placeholder } from '../support/nodes.ts';

const X = { x: 'float32' } as const;
const F = { T: 'float32' } as const;
const DEEP = 30;
const feeds = [{ name: 'x', dtype: 'float32', shape: [-1, 2] }] as const;
const compiling =
  (each: Graph, fetch = 'y') =>
  () =>
    compile(each, feeds, [fetch]);
const refused = (code: string, message: RegExp) =>
  expect.objectContaining({ name: 'FloeError', code, message: expect.stringMatching(message) });

/** Functions f0 ... f30, of which each is made of the name of the next. */
function tower(level: (name: string, next: string) => FunctionDef): readonly FunctionDef[] {
  const levels = Array.from({ length: DEEP }, (_, i) => level(`f${i}`, `f${i + 1}`));
  return [...levels, fn(`f${DEEP}`, X, [node('Neg', 'n', ['x'], F)], [['n:y:0', 'float32']])];
}

const call = (name: string, input: string, func: string): Node =>
  caller(
    'PartitionedCall',
    name,
    [input],
    { f: func },
    { Tin: { dtypes: ['float32'] }, Tout: { dtypes: ['float32'] } },
  );

describe('functions that grow without bound', () => {
  it('by calling two functions each', () => {
    const twice = tower((name, next) =>
      fn(name, X, [call('a', 'x', next), call('b', 'a:output:0', next)], [['b:output:0', 'float32']]),
    );
    const bomb = withFunctions([placeholder('x', [-1, 2]), call('y', 'x', 'f0')], twice);
    expect(() => inlineCalls(bomb)).toThrow(refused('OUT_OF_RANGE', /inlining the function calls makes more than/));
  });

  it('by calling themselves', () => {
    const self = [fn('f', X, [call('a', 'x', 'f')], [['a:output:0', 'float32']])];
    const bomb = withFunctions([placeholder('x', [-1, 2]), call('y', 'x', 'f')], self);
    expect(() => inlineCalls(bomb)).toThrow(refused('INVALID_ARGUMENT', /function f, called by .* calls itself/));
  });

  const T = { Tcond: 'bool', Tin: { dtypes: ['float32'] }, Tout: { dtypes: ['float32'] } } as const;
  const yes = node('Placeholder', 'yes', [], { dtype: 'bool', shape: { shape: [] } });
  const choose = (name: string, func: string): Node =>
    caller('If', name, ['p', 'x'], { then_branch: func, else_branch: func }, T);

  it('by choosing between two branches that do the same', () => {
    const args = { p: 'bool', x: 'float32' } as const;
    const both = { ...T, Tin: { dtypes: ['bool', 'float32'] } } as const;
    const branch = (name: string, func: string): Node =>
      caller('If', name, ['p', 'p', 'x'], { then_branch: func, else_branch: func }, both);
    const levels = Array.from({ length: DEEP }, (_, i) =>
      fn(`f${i}`, args, [branch('a', `f${i + 1}`)], [['a:output:0', 'float32']]),
    );
    const last = fn(`f${DEEP}`, args, [node('Neg', 'n', ['x'], F)], [['n:y:0', 'float32']]);
    const bomb = withFunctions(
      [placeholder('x', [-1, 2]), { ...yes, name: 'p' }, branch('y', 'f0')],
      [...levels, last],
    );
    const compile30 = () => compile(bomb, [...feeds, { name: 'p', dtype: 'bool', shape: [] }], ['y']);
    expect(compile30).toThrow(refused('OUT_OF_RANGE', /too many loops and branches within others/));
  });

  it('by branching into themselves', () => {
    const self = fn('f', X, [constant('p', 'bool', [], [1]), choose('a', 'f')], [['a:output:0', 'float32']]);
    const fed = {
      ...self,
      node_def: self.node_def.map((each) => ({ ...each, input: each.op === 'If' ? ['p:output:0', 'x'] : [] })),
    };
    const bomb = withFunctions([placeholder('x', [-1, 2]), { ...yes, name: 'p' }, choose('y', 'f')], [fed]);
    const compileIt = () => compile(bomb, [...feeds, { name: 'p', dtype: 'bool', shape: [] }], ['y']);
    expect(compileIt).toThrow(refused('INVALID_ARGUMENT', /nests control flow over 32 deep, or calls itself/));
  });
});

describe('tensors that are larger than they look', () => {
  const splat = (name: string, shape: readonly number[]): Node => {
    const whole = floats(name, [1], [7]);
    const tensor = whole.attr.get('value')?.tensor;
    const dim = shape.map((size) => ({ size, name: '' }));
    const changed = {
      ...tensor,
      tensor_shape: { dim, unknown_rank: false },
      tensor_content: new Uint8Array(0),
      float_val: Float32Array.of(7),
    };
    return { ...whole, attr: new Map(whole.attr).set('value', attrOf({ tensor: changed as typeof tensor })) };
  };

  it.each([
    [
      'one number over a terabyte',
      [splat('c', [2 ** 20, 2 ** 20])],
      /c claims shape \[1048576, 1048576\]|makes a tensor of/,
    ],
    ['one number over 2^62 elements', [splat('c', [2 ** 31, 2 ** 31])], /claims shape|makes a tensor of/],
    ['one number over half a gigabyte', [splat('c', [2 ** 26, 2])], /repeats one value over 536870912 bytes/],
  ])('%s', (_, sources, message) => {
    const whole = graph(...sources, placeholder('x', [-1, 2]), node('AddV2', 'y', ['x', 'c'], F));
    const error = expect.objectContaining({
      name: 'FloeError',
      message: expect.stringMatching(message),
      details: [{ node: 'c', op: 'Const' }],
    });
    expect(compiling(whole)).toThrow(error);
  });

  it('a shape of 2^40 elements to fill', () => {
    const shape = constant('shape', 'int64', [2], [2n ** 20n, 2n ** 20n]);
    const bomb = graph(
      placeholder('x', [-1, 2]),
      shape,
      floats('seven', [], [7]),
      node('Fill', 'y', ['shape', 'seven'], { ...F, index_type: 'int64' }),
    );
    expect(compiling(bomb)).toThrow(refused('OUT_OF_RANGE', /node y \(Fill\) makes a tensor of \[1048576, 1048576\]/));
  });

  it('a result of 2^40 tiles', () => {
    const bomb = graph(
      placeholder('x', [-1, 2]),
      ints('by', [1, 2 ** 30]),
      node('Tile', 'a', ['x', 'by'], { ...F, Tmultiples: 'int32' }),
      node('Tile', 'y', ['a', 'by'], F),
    );
    expect(compiling(bomb)).toThrow(refused('OUT_OF_RANGE', /node y \(Tile\) makes a tensor of/));
  });
});

describe('what is long or deep but sound', () => {
  it('30 loops within each other are compiled', () => {
    const loop = (name: string, func: string): Node =>
      caller('While', name, ['x'], { cond: 'always', body: func }, { T: { dtypes: ['float32'] } });
    const always = fn('always', X, [constant('yes', 'bool', [], [1])], [['yes:output:0', 'bool']]);
    const loops = tower((name, next) => fn(name, X, [loop('a', next)], [['a:output:0', 'float32']]));
    const deep = withFunctions([placeholder('x', [-1, 2]), loop('y', 'f0')], [...loops, always]);
    expect(compiling(deep)().outputs[0]?.shape).toEqual([-1, 2]);
  });

  it('a chain of 20,000 nodes needs no stack', async () => {
    const chain = Array.from({ length: 20_000 }, (_, i) => node('Neg', `n${i}`, [i === 0 ? 'x' : `n${i - 1}`], F));
    const long = graph(placeholder('x', [-1, 2]), ...chain);
    const source = sourceOfGraph(graphToDef(long), '', 'chain.pb');
    const frozen = await freeze(source, { outputs: ['n19999'] });
    expect(frozen.graph.nodes.length).toBe(20_001);
    expect(compile(frozen.graph, feeds, ['n19999']).outputs[0]?.shape).toEqual([-1, 2]);
  });
});

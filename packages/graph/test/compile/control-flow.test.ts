import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compile/index.ts';
import { FloeError } from '../../src/errors.ts';
import type { Graph, Node } from '../../src/graph.ts';
import type { FunctionDef } from '../../src/proto/tensorflow.ts';
import { caller, fn, withFunctions } from '../support/functions.ts';
import { floats, ints, node, placeholder, tensor } from '../support/nodes.ts';
import { nodesOf, numbersOf, opsOf, runGraph } from './run.ts';

const F = { T: 'float32' } as const;
const I = { T: 'int32' } as const;
const LOOP = { i: 'int32', x: 'float32' } as const;

/** i < limit */
const below = (limit: number): FunctionDef =>
  fn('below', LOOP, [ints('n', limit), node('Less', 'less', ['i', 'n:output:0'], I)], [['less:z:0', 'bool']]);

/** i + 1, and what `nodes` make of x. */
const turn = (nodes: readonly Node[], result: string): FunctionDef =>
  fn(
    'turn',
    LOOP,
    [ints('one', 1), node('AddV2', 'next', ['i', 'one:output:0'], I), ...nodes],
    [
      ['next:z:0', 'int32'],
      [result, 'float32'],
    ],
  );

function loop(condition: FunctionDef, body: FunctionDef, start: Node = ints('start', 0)): Graph {
  const run = caller(
    'StatelessWhile',
    'loop',
    ['start', 'x'],
    { cond: 'below', body: 'turn' },
    { T: { dtypes: ['int32', 'float32'] } },
  );
  return withFunctions([placeholder('x', [-1, 2]), start, run], [condition, body]);
}

const doubled = turn([node('AddV2', 'twice', ['x', 'x'], F)], 'twice:z:0');
const x = tensor('float32', [1, 2], [1, -2]);

/** A condition that no counter bounds. */
const smallSum = fn(
  'below',
  LOOP,
  [
    ints('axes', [0, 1]),
    floats('limit', [], [20]),
    node('Abs', 'abs', ['x'], F),
    node('Sum', 'sum', ['abs:y:0', 'axes:output:0'], { ...F, Tidx: 'int32', keep_dims: false }),
    node('Less', 'less', ['sum:output:0', 'limit:output:0'], F),
  ],
  [['less:z:0', 'bool']],
);

describe('loops', () => {
  it.each([
    ['counts its turns', below(3), 0, 8, 3],
    ['begins in the middle', below(3), 2, 2, 3],
    ['has no turn', below(0), 0, 1, 0],
    ['begins beyond its end', below(3), 5, 1, 5],
    ['stops where its condition says', smallSum, 0, 8, 3],
  ] as const)('a loop %s', async (_, condition, start, factor, counter) => {
    const [count, result] = await runGraph(loop(condition, doubled, ints('start', start)), { 'x:0': x }, [
      'loop:0',
      'loop:1',
    ]);
    expect(numbersOf(count)).toEqual([counter]);
    expect(numbersOf(result)).toEqual([factor, -2 * factor]);
  });

  it('computes neither counter nor condition in each turn of a counted loop', () => {
    const compiled = compile(loop(below(3), doubled), [{ name: 'x', dtype: 'float32', shape: [-1, 2] }], ['loop:1']);
    const body = nodesOf(compiled)
      .find(({ op_type }) => op_type === 'Loop')
      ?.attribute.find(({ name }) => name === 'body')?.g;
    expect(body?.node.map(({ op_type }) => op_type).sort()).toEqual(['Add', 'Identity']);
    expect(body?.input.length).toBe(3);
  });

  it('multiplies all rows by the weights before the loop that picks one each turn', async () => {
    const weights = floats('w', [2, 2], [1, 2, 3, 4]);
    const row = turn(
      [
        floats('rows', [3, 1, 2], [1, 2, 3, 4, 5, 6]),
        ints('axis', 0),
        node('GatherV2', 'row', ['rows:output:0', 'i', 'axis:output:0'], {
          Tparams: 'float32',
          Tindices: 'int32',
          Taxis: 'int32',
        }),
        weights,
        node('MatMul', 'product', ['row:output:0', 'w:output:0'], { ...F, transpose_a: false, transpose_b: false }),
        node('AddV2', 'sum', ['x', 'product:product:0'], F),
      ],
      'sum:z:0',
    );
    const graph = loop(below(3), row);
    const [result] = await runGraph(graph, { 'x:0': x }, ['loop:1']);
    expect(numbersOf(result)).toEqual([1 + 7 + 15 + 23, -2 + 10 + 22 + 34]);
    expect(opsOf(compile(graph, [{ name: 'x', dtype: 'float32', shape: [-1, 2] }], ['loop:1']))).toContain('MatMul');
  });
});

describe('branches', () => {
  const T = { Tcond: 'int32', Tin: { dtypes: ['float32'] }, Tout: { dtypes: ['float32'] } } as const;
  const branches = [
    fn('first', { x: 'float32' }, [], [['x', 'float32']]),
    fn('second', { x: 'float32' }, [node('Neg', 'neg', ['x'], F)], [['neg:y:0', 'float32']]),
    fn('third', { x: 'float32' }, [node('AddV2', 'twice', ['x', 'x'], F)], [['twice:z:0', 'float32']]),
  ];
  const choice = withFunctions(
    [
      placeholder('x', [-1]),
      placeholder('which', [], 'int32'),
      caller('Case', 'choice', ['which', 'x'], { branches: ['first', 'second', 'third'] }, T),
    ],
    branches,
  );

  it.each([
    [0, 3],
    [1, -3],
    [2, 6],
    [3, 6],
    [-1, 6],
  ])('number %i of three gives %i, and a number that no branch has takes the last', async (which, wanted) => {
    const specs = [
      { name: 'x', dtype: 'float32', shape: [-1] },
      { name: 'which', dtype: 'int32', shape: [] },
    ] as const;
    const { runCompiled } = await import('./run.ts');
    const feeds = { 'x:0': tensor('float32', [1], [3]), 'which:0': tensor('int32', [], [which]) };
    const [result] = await runCompiled(compile(choice, specs, ['choice']), feeds);
    expect(numbersOf(result)).toEqual([wanted]);
  });

  it('leave no trace where the condition is known', () => {
    const graph = withFunctions(
      [
        placeholder('x', [-1]),
        ints('which', 0),
        caller('StatelessIf', 'choice', ['which', 'x'], { then_branch: 'first', else_branch: 'second' }, T),
      ],
      branches,
    );
    const compiled = compile(graph, [{ name: 'x', dtype: 'float32', shape: [-1] }], ['choice']);
    expect(opsOf(compiled)).toEqual(['Neg', 'Identity'].slice(0, opsOf(compiled).length));
  });
});

describe('malformed control flow', () => {
  const types = { T: { dtypes: ['int32', 'float32'] } } as const;
  const run = (cond: string, body: string) => caller('While', 'loop', ['start', 'x'], { cond, body }, types);
  const compiling = (node_: Node, functions: readonly FunctionDef[]) => () =>
    compile(
      withFunctions([placeholder('x', [-1, 2]), ints('start', 0), node_], functions),
      [{ name: 'x', dtype: 'float32', shape: [-1, 2] }],
      ['loop:1'],
    );
  const short = fn('turn', LOOP, [], [['i', 'int32']]);
  const swapped = fn(
    'turn',
    LOOP,
    [],
    [
      ['x', 'float32'],
      ['i', 'int32'],
    ],
  );
  const endless = fn(
    'turn',
    LOOP,
    [caller('While', 'again', ['i', 'x'], { cond: 'below', body: 'turn' }, types)],
    [
      ['again:output:0', 'int32'],
      ['again:output:1', 'float32'],
    ],
  );

  it.each([
    ['a function that is missing', run('below', 'nothing'), [below(3)], /nothing does not exist/],
    [
      'a body that returns too little',
      run('below', 'turn'),
      [below(3), short],
      /2 variables and a body that returns 1/,
    ],
    [
      'a body that turns a variable into another dtype',
      run('below', 'turn'),
      [below(3), swapped],
      /from int32 into float32/,
    ],
    ['a function that calls itself', run('below', 'turn'), [below(3), endless], /deep, or calls itself/],
  ] as const)('says what is wrong with %s', (_, broken, functions, message) => {
    const compileIt = compiling(broken, functions);
    expect(compileIt).toThrow(FloeError);
    expect(compileIt).toThrow(message);
  });
});

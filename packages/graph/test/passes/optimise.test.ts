/** All passes together: results stay, names stay, every intermediate graph is valid, and time is linear. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyse, type Feeds } from '../../src/analysis/index.ts';
import { constNode } from '../../src/constants.ts';
import { type Graph, graphOf, type Node } from '../../src/graph.ts';
import { optimise, PASSES } from '../../src/passes/index.ts';
import { validate } from '../../src/passes/validate.ts';
import { floats, graph, ints, node, placeholder, tensor } from '../support/nodes.ts';

const fed = tensor('float32', [2, 3], [1, -2, 3, -4, 5, -6]);
const feeds: Feeds = new Map([['x:0', { dtype: 'float32', shape: [-1, 3] }]]);

/** Runs a graph by putting the fed value in and letting the evaluator do the rest. */
function run(g: Graph, output: string): unknown {
  const nodes = g.nodes.map((each) => (each.name === 'x' ? constNode('x', fed) : each));
  return analyse(graphOf(nodes), new Map()).constant(output);
}

const base: readonly Node[] = [
  placeholder('x', null),
  floats('w', [3], [0.5, 2, -1]),
  floats('one', [], [1]),
  ints('axis', 0),
  ints('last', 1),
  ints('flat', [-1]),
  node('Shape', 'shape', ['x']),
];

/** Ops that keep [?, 3] floats as they are in shape, so that any two can be combined. */
const step = fc.oneof(
  fc.record({
    op: fc.constantFrom('Neg', 'Abs', 'Relu', 'Identity', 'StopGradient', 'Square', 'Floor'),
    inputs: fc.constant(1),
  }),
  fc.record({ op: fc.constantFrom('AddV2', 'Sub', 'Mul', 'Maximum', 'Minimum'), inputs: fc.constant(2) }),
  fc.record({ op: fc.constantFrom('Flatten', 'Halves', 'Weighted', 'IdentityN'), inputs: fc.constant(1) }),
);

function nodesOf(op: string, name: string, inputs: readonly string[]): readonly Node[] {
  const [first = 'x'] = inputs;
  switch (op) {
    case 'Flatten':
      return [node('Reshape', `${name}/flat`, [first, 'flat']), node('Reshape', name, [`${name}/flat`, 'shape'])];
    case 'Halves':
      return [
        node('Split', `${name}/split`, ['last', first], { num_split: 3 }),
        node('ConcatV2', name, [`${name}/split:2`, `${name}/split`, `${name}/split:1`, 'last']),
      ];
    case 'Weighted':
      return [node('Mul', `${name}/scale`, ['w', 'one']), node('Mul', name, [first, `${name}/scale`])];
    case 'IdentityN':
      return [node('IdentityN', `${name}/both`, ['w', first]), node('AddV2', name, [`${name}/both:1`, `${name}/both`])];
    default:
      return [node(op, name, inputs, { T: 'float32' })];
  }
}

const randomGraph = fc.array(fc.tuple(step, fc.nat(), fc.nat()), { minLength: 1, maxLength: 25 }).map((steps) => {
  const made = ['x', 'w'];
  const nodes = steps.flatMap(([{ op, inputs }, a, b], i) => {
    const sources = [made[a % made.length] ?? 'x', made[b % made.length] ?? 'x'];
    const source = op === 'Flatten' || op === 'Halves' ? ['x'] : sources.slice(0, inputs);
    made.push(`n${i}`);
    return nodesOf(op, `n${i}`, source);
  });
  return { g: graph(...base, ...nodes), outputs: made.slice(2) };
});

describe('optimise', () => {
  it('keeps the results and the names of what is kept, pass by pass', () => {
    const property = fc.property(randomGraph, fc.nat(), ({ g, outputs }, pick) => {
      const kept = [outputs.at(-1) ?? 'x', outputs[pick % outputs.length] ?? 'x'].map((name) => `${name}:0`);
      let current = g;
      for (const [, pass] of PASSES) {
        current = pass(current, new Set(kept), feeds);
        validate(current);
        for (const name of kept) expect(run(current, name)).toEqual(run(g, name));
      }
      const again = optimise(current, new Set(kept), feeds);
      expect(again.nodes.map(({ name }) => name)).toEqual(current.nodes.map(({ name }) => name));
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('leaves the graph it is given as it was', () => {
    const g = graph(...base, node('Identity', 'i', ['w']), node('Neg', 'n', ['i']));
    const before = JSON.stringify(g.nodes.map(({ name, op, input }) => [name, op, input]));
    optimise(g, new Set(['n:0']), feeds);
    expect(JSON.stringify(g.nodes.map(({ name, op, input }) => [name, op, input]))).toBe(before);
  });
});

describe('validate', () => {
  it.each([
    ['an input that does not exist', graph(node('Neg', 'n', ['gone'])), 'input gone of node n (Neg) does not exist'],
    ['a cycle', graph(node('Neg', 'a', ['b']), node('Neg', 'b', ['a'])), 'the graph has a cycle of 2 nodes'],
    [
      'data behind control',
      graph(node('NoOp', 'c'), node('Neg', 'n', ['^c', 'c'])),
      'node n (Neg) has a data input behind a control input',
    ],
    [
      'a stale index',
      { ...graph(node('NoOp', 'c')), byName: new Map([['c', node('NoOp', 'c')]]) },
      'node c (NoOp) is not indexed',
    ],
    [
      'a doubled name',
      { ...graph(node('NoOp', 'c')), nodes: [node('NoOp', 'c'), node('NoOp', 'c')] },
      'two nodes share a name',
    ],
  ])('reports %s', (_, g, message) => {
    expect(() => validate(g)).toThrow(message);
  });
});

describe('chains of 100,000 nodes', () => {
  const COUNT = 100_000;

  function chain(op: string, start: Node, extra: readonly string[] = []): Graph {
    const nodes = Array.from({ length: COUNT }, (_, i) =>
      node(op, `n${i}`, [i === 0 ? start.name : `n${i - 1}`, ...extra], { T: 'float32' }),
    );
    return graph(start, floats('one', [], [1]), ...nodes.toReversed());
  }

  it.each([
    ['Relu', placeholder('x', null), [], COUNT + 1],
    ['Identity', placeholder('x', null), [], 2],
    ['Neg', floats('c', [1], [1]), [], 1],
    ['Identity', floats('c', [1], [1]), [], 2],
  ] as const)('of %s go through without recursion', (op, start, extra, left) => {
    const last = `n${COUNT - 1}:0`;
    const startFeeds: Feeds = start.name === 'x' ? feeds : new Map();
    expect(optimise(chain(op, start, extra), new Set([last]), startFeeds).nodes.length).toBe(left);
  });

  it('of equal halves that join at each step stay linear', () => {
    const nodes = Array.from({ length: COUNT / 4 }, (_, i) => {
      const from = i === 0 ? 'x' : `n${i - 1}`;
      return [node('Neg', `a${i}`, [from]), node('Neg', `b${i}`, [from]), node('AddV2', `n${i}`, [`a${i}`, `b${i}`])];
    });
    const g = graph(placeholder('x', null), ...nodes.flat());
    expect(optimise(g, new Set([`n${COUNT / 4 - 1}:0`]), feeds).nodes.length).toBe(1 + COUNT / 2);
  });
});

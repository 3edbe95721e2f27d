/** Nodes and constants that no output needs go; so do states and items of a loop that nothing uses. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { removeDead } from '../../../src/compile/passes/dead.ts';
import type { OnnxGraph, OnnxNode } from '../../../src/onnx-graph.ts';
import { tensor } from '../../support/nodes.ts';
import { body, float, onnx, op, opsIn, preserved, type Tensors, typed, wave } from './onnx.ts';

const x = { x: wave([2, 3]) };
const X = float(-1, 3);

describe('remove-dead', () => {
  it('removes what no output needs, a chain from its end', async () => {
    const nodes = [op('Neg', ['x'], 'a'), op('Abs', ['a'], 'b'), op('Mul', ['b', 'k'], 'c'), op('Relu', ['x'], 'y')];
    const graph = onnx({ inputs: { x: X }, constants: { k: wave([3]) }, nodes, outputs: { y: X } });
    const after = await preserved(graph, removeDead, x, 0);
    expect(opsIn(after)).toEqual(['Relu']);
    expect([...after.constants.keys()]).toEqual([]);
  });

  it('keeps a node for one of its outputs, and constants that several use', async () => {
    const nodes = [
      op('Split', ['x', 'sizes'], ['a', 'b'], { axis: 1 }),
      op('Mul', ['b', 'k'], 'y'),
      op('Mul', ['a', 'k'], 'c'),
    ];
    const constants = { k: wave([2, 1]), sizes: tensor('int64', [2], [1, 2]) };
    const graph = onnx({ inputs: { x: X }, constants, nodes, outputs: { y: float(-1, 2) } });
    const after = await preserved(graph, removeDead, x, 0);
    expect(opsIn(after)).toEqual(['Split', 'Mul']);
    expect([...after.constants.keys()]).toEqual(['k', 'sizes']);
  });

  it('keeps inputs that nothing uses, and constants that are outputs', () => {
    const graph = onnx({
      inputs: { x: X, unused: X },
      constants: { y: wave([3]), k: wave([3]) },
      nodes: [],
      outputs: { y: float(3), x: X },
    });
    removeDead(graph);
    expect(graph.inputs.map(({ name }) => name)).toEqual(['x', 'unused']);
    expect([...graph.constants.keys()]).toEqual(['y']);
  });

  it('keeps what only a branch uses, and removes what is dead in it', async () => {
    const nodes = [op('Neg', ['x'], 'a'), op('Abs', ['x'], 'b')];
    const graph = onnx({ inputs: { x: X, c: typed('bool') }, constants: { k: wave([3]) }, nodes, outputs: { y: X } });
    const branch = (name: string, ...inner: readonly OnnxNode[]): OnnxGraph => body(graph, {}, { [name]: X }, inner);
    graph.nodes.push({
      ...op('If', ['c'], 'y'),
      bodies: {
        then_branch: branch('t', op('Mul', ['a', 'k'], 't'), op('Exp', ['b'], 'unused')),
        else_branch: branch('e', op('Relu', ['x'], 'e')),
      },
    });
    const after = await preserved(graph, removeDead, { ...x, c: tensor('bool', [], [1]) }, 0);
    expect(opsIn(after)).toEqual(['Neg', 'If', 'Mul', 'Relu']);
    expect([...after.constants.keys()]).toEqual(['k']);
  });
});

/** Loop states s0, s1, ... of two numbers each, of which each turn makes new ones; items i0, ... are collected. */
interface LoopPlan {
  readonly states: readonly (readonly [op: string, of: readonly number[]])[];
  readonly items: readonly (readonly [op: string, of: readonly number[]])[];
  /** Number of the state whose first element says whether to go on. */
  readonly decides?: number;
}

/** Inputs: `turns`, and the start of each state; outputs: those named, of `f0` (final states) and `c0` (collected items). */
function loop({ states, items, decides }: LoopPlan, outputs: readonly string[]): OnnxGraph {
  const pair = float(2);
  const named = (prefix: string, list: readonly unknown[]): readonly string[] => list.map((_, i) => `${prefix}${i}`);
  const inputs = Object.fromEntries(named('x', states).map((name) => [name, pair]));
  const typesOf = (name: string) => (name.startsWith('c') ? float(-1, 2) : pair);
  const graph = onnx({
    inputs: { turns: typed('int64'), ...inputs },
    constants: { go: tensor('bool', [], [1]), limit: tensor('float32', [], [1.5]), at: tensor('int64', [], [0]) },
    nodes: [],
    outputs: Object.fromEntries(outputs.map((name) => [name, typesOf(name)])),
  });
  const step =
    (prefix: string) =>
    ([name, of]: LoopPlan['states'][number], i: number): OnnxNode =>
      op(
        name,
        of.map((state) => `s${state}`),
        `${prefix}${i}`,
      );
  const going =
    decides === undefined
      ? [op('Identity', ['cond'], 'again')]
      : [op('Gather', [`n${decides}`, 'at'], 'first', { axis: 0 }), op('Less', ['first', 'limit'], 'again')];
  const types = { turn: typed('int64'), cond: typed('bool') };
  const before = Object.fromEntries(named('s', states).map((name) => [name, pair]));
  const after = Object.fromEntries([...named('n', states), ...named('i', items)].map((name) => [name, pair]));
  const nodes = [...states.map(step('n')), ...items.map(step('i')), ...going];
  const inner = body(graph, { ...types, ...before }, { again: typed('bool'), ...after }, nodes);
  const results = [...named('f', states), ...named('c', items)];
  graph.nodes.push({ ...op('Loop', ['turns', 'go', ...named('x', states)], results), bodies: { body: inner } });
  return graph;
}

const start = (states: number, turns: number): Tensors => ({
  turns: tensor('int64', [], [turns]),
  ...Object.fromEntries(Array.from({ length: states }, (_, i) => [`x${i}`, wave([2], i)])),
});

const shapeOf = (graph: OnnxGraph): readonly number[] => {
  const node = graph.nodes.find((each) => each.op === 'Loop');
  const inner = node?.bodies?.['body'];
  return [node?.inputs.length ?? 0, node?.outputs.length ?? 0, inner?.inputs.length ?? 0, inner?.outputs.length ?? 0];
};

const free: LoopPlan = {
  states: [
    ['Sin', [0]],
    ['Add', [1, 0]],
    ['Cos', [2]],
    ['Identity', [3]],
  ],
  items: [
    ['Neg', [1]],
    ['Abs', [2]],
  ],
};

describe('the loop in remove-dead', () => {
  it.each([
    ['a state and one that it is made from', ['f1'], [4, 2, 4, 3], ['Loop', 'Sin', 'Add', 'Identity']],
    ['a state that stands alone', ['f2'], [3, 1, 3, 2], ['Loop', 'Cos', 'Identity']],
    ['what is collected and the state behind it', ['c1'], [3, 2, 3, 3], ['Loop', 'Cos', 'Abs', 'Identity']],
    ['what is collected and the two states behind it', ['c0'], [4, 3, 4, 4], ['Loop', 'Sin', 'Add', 'Neg', 'Identity']],
  ])('keeps %s', async (_, outputs, sizes, ops) => {
    const after = await preserved(loop(free, outputs), removeDead, start(4, 3));
    expect(shapeOf(after)).toEqual(sizes);
    expect(opsIn(after)).toEqual(ops);
  });

  it('keeps the state that says whether to go on', async () => {
    const after = await preserved(loop({ ...free, decides: 1 }, ['f2']), removeDead, start(4, 9));
    expect(shapeOf(after)).toEqual([5, 3, 5, 4]);
  });

  it('leaves a loop alone of which everything is used', async () => {
    const all = ['f0', 'f1', 'f2', 'f3', 'c0', 'c1'];
    const graph = loop(free, all);
    expect(shapeOf(await preserved(graph, removeDead, start(4, 2)))).toEqual(shapeOf(graph));
  });

  it('removes a loop of which nothing is used', () => {
    const graph = loop(free, ['x0']);
    removeDead(graph);
    expect(graph.nodes).toEqual([]);
  });

  it('keeps a state that only a branch inside the loop reads', async () => {
    const graph = loop(
      {
        states: [
          ['Sin', [0]],
          ['Cos', [1]],
        ],
        items: [],
      },
      ['f0'],
    );
    const inner = graph.nodes[0]?.bodies?.['body'] as OnnxGraph;
    const branch = (name: string, from: string) => body(graph, {}, { [name]: float(2) }, [op('Neg', [from], name)]);
    inner.nodes[0] = {
      ...op('If', ['cond'], 'n0'),
      bodies: { then_branch: branch('t', 's1'), else_branch: branch('e', 's0') },
    };
    const after = await preserved(graph, removeDead, start(2, 3));
    expect(shapeOf(after)).toEqual([4, 2, 4, 3]);
  });
});

const steps = (count: number) => {
  const state = fc.nat(3);
  const unary = fc.tuple(fc.constantFrom('Sin', 'Neg', 'Identity'), fc.tuple(state));
  const binary = fc.tuple(fc.constantFrom('Add', 'Mul', 'Max'), fc.tuple(state, state));
  return fc.array(fc.oneof(unary, binary), { minLength: count, maxLength: count });
};
const random = fc.record({
  states: steps(4),
  items: steps(2),
  decides: fc.option(fc.nat(3), { nil: undefined }),
  turns: fc.nat(4),
  outputs: fc.subarray(['f0', 'f1', 'f2', 'f3', 'c0', 'c1'], { minLength: 1 }),
});

it('remove-dead keeps the answers of random loops, those of no turns too', async () => {
  const property = fc.asyncProperty(random, async ({ states, items, decides, turns, outputs }) => {
    const plan = { states, items, ...(decides === undefined ? {} : { decides }) };
    await preserved(loop(plan, outputs), removeDead, start(4, turns));
  });
  await fc.assert(property, { numRuns: 80 });
});

/** Work that is the same in each turn of a loop, or done to a row a turn, is done before the loop. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hoistFromLoops } from '../../../src/compile/passes/hoist.ts';
import type { OnnxGraph, OnnxNode, ValueType } from '../../../src/onnx-graph.ts';
import { tensor } from '../../support/nodes.ts';
import { body, float, onnx, op, preserved, type Tensors, type Types, typed, wave } from './onnx.ts';

const ROW = float(-1, 3);
const STATE = float(-1, 3);
const CONSTANTS: Tensors = {
  go: tensor('bool', [], [1]),
  w: wave([3, 3], 2),
  u: wave([3], 3),
  low: tensor('float32', [], [-1]),
  one: tensor('int64', [], [1]),
  v: wave([2, 1, 3], 4),
};
const TYPES: Types = { rows: float(-1, -1, 3), shared: STATE, wide: float(1, 3) };

/**
 * A loop over `turns` of `rows`, of which the body picks one as `row`; `nodes` make `t` of it, which is added to the state. The body may
 * use `shared`, `wide` and the state `s` as well.
 */
function loop(nodes: readonly OnnxNode[], types: Types = {}, result = 't'): OnnxGraph {
  const graph = onnx({
    inputs: { turns: typed('int64'), x: STATE, ...TYPES },
    constants: CONSTANTS,
    nodes: [],
    outputs: { y: STATE, all: float(-1, -1, 3) },
    types,
  });
  const before = { turn: typed('int64'), cond: typed('bool'), s: STATE };
  const after = { again: typed('bool'), n: STATE, item: ROW };
  const pick = op('Gather', ['rows', 'turn'], 'row', { axis: 0 });
  const ends = [op('Add', ['s', result], 'n'), op('Identity', [result], 'item'), op('Identity', ['cond'], 'again')];
  graph.types.set('row', ROW);
  graph.types.set('t', ROW);
  const inner = body(graph, before, after, [pick, ...nodes, ...ends]);
  graph.nodes.push({ ...op('Loop', ['turns', 'go', 'x'], ['y', 'all']), bodies: { body: inner } });
  return graph;
}

function fed(turns = 3, batch = 2, rows = 4): Tensors {
  return {
    turns: tensor('int64', [], [turns]),
    x: wave([batch, 3], 5),
    rows: wave([rows, batch, 3], 6),
    shared: wave([batch, 3], 7),
    wide: wave([1, 3], 8),
  };
}

/** What comes before the loop now. */
const outside = (graph: OnnxGraph): readonly string[] => graph.nodes.map((node) => node.op);

describe('hoist-from-loops', () => {
  it.each([
    ['a function', [op('Tanh', ['row'], 't')], ['Tanh', 'Loop']],
    ['a sum with what all rows share', [op('Add', ['shared', 'row'], 't')], ['Add', 'Loop']],
    ['a difference from a constant', [op('Sub', ['u', 'row'], 't')], ['Sub', 'Loop']],
    ['a quotient of fewer dimensions', [op('Div', ['row', 'u'], 't')], ['Div', 'Loop']],
    ['a product with weights', [op('MatMul', ['row', 'w'], 't')], ['MatMul', 'Loop']],
    ['a product with weights and a bias', [op('Gemm', ['row', 'w', 'u'], 't')], ['MatMul', 'Add', 'Loop']],
    ['a product without a bias', [op('Gemm', ['row', 'w'], 't')], ['MatMul', 'Loop']],
    [
      'a chain of them',
      [op('MatMul', ['row', 'w'], 'a'), op('Add', ['a', 'wide'], 'b'), op('Relu', ['b'], 't')],
      ['MatMul', 'Add', 'Relu', 'Loop'],
    ],
  ])('does %s to all rows at once', async (_, nodes, ops) => {
    const after = await preserved(loop(nodes, { a: ROW, b: ROW }), hoistFromLoops, fed());
    expect(outside(after)).toEqual(ops);
  });

  it('does once what is the same in each turn', async () => {
    const nodes = [op('Neg', ['shared'], 'a'), op('Sigmoid', ['a'], 'b'), op('Add', ['row', 'b'], 't')];
    const after = await preserved(loop(nodes, { a: ROW, b: ROW }), hoistFromLoops, fed());
    expect(outside(after)).toEqual(['Neg', 'Sigmoid', 'Add', 'Loop']);
  });

  it('takes rows through two loops', async () => {
    const graph = loop([], {}, 'sum');
    const types: Types = { k: typed('int64'), more: typed('bool'), p: STATE, q: STATE, z: typed('bool'), r: ROW };
    for (const [name, type] of Object.entries(types)) graph.types.set(name, type);
    const nodes = [
      op('Neg', ['shared'], 'm'),
      op('Tanh', ['m'], 'r'),
      op('Add', ['p', 'r'], 'q'),
      op('Identity', ['more'], 'z'),
    ];
    const { k, more, p, q, z } = types as Record<string, ValueType>;
    const inner = body(graph, { k, more, p } as Types, { z, q } as Types, nodes);
    const nested = { ...op('Loop', ['one', 'go', 'row'], ['sum']), bodies: { body: inner } };
    graph.nodes[0]?.bodies?.['body']?.nodes.splice(1, 0, nested);
    expect(outside(await preserved(graph, hoistFromLoops, fed()))).toEqual(['Neg', 'Tanh', 'Loop']);
  });

  const left: readonly (readonly [what: string, nodes: readonly OnnxNode[], types?: Types])[] = [
    ['what needs the state', [op('Add', ['row', 's'], 't')]],
    ['a row of which two are used', [op('Mul', ['row', 'row'], 't')]],
    ['what mixes the elements of a row', [op('Softmax', ['row'], 't', { axis: 0 })]],
    ['a product of weights with rows', [op('MatMul', ['w', 'flip'], 't')], { flip: ROW }],
    ['a scaled product', [op('Gemm', ['row', 'w', 'u'], 't', { alpha: { f: 2 } })]],
    ['a product with the bias of each row of a batch', [op('Gemm', ['row', 'w', 'shared'], 't')]],
    [
      'a row that is made wider',
      [op('Add', ['row', 'v'], 'a'), op('ReduceSum', ['a', 'first'], 't', { keepdims: 0 })],
      { a: float(2, -1, 3) },
    ],
    [
      'what may fail',
      [op('Sqrt', ['shared'], 'a'), op('Add', ['row', 's'], 'b'), op('Add', ['a', 'b'], 't')],
      { a: ROW },
    ],
  ];
  it.each(left.map(([what, nodes, types = {}]) => [what, nodes, types] as const))(
    'leaves %s in the loop',
    async (_, nodes, types) => {
      const graph = loop(nodes, types);
      graph.constants.set('first', tensor('int64', [1], [0]));
      if ('flip' in types)
        graph.nodes[0]?.bodies?.['body']?.nodes.splice(1, 0, op('Transpose', ['row'], 'flip', { perm: [1, 0] }));
      const after = await preserved(graph, hoistFromLoops, fed(3, 3));
      expect(outside(after)).toEqual(['Loop']);
    },
  );

  it('leaves a result of the body where it is', async () => {
    const graph = loop([op('Identity', ['row'], 't')]);
    const inner = graph.nodes[0]?.bodies?.['body'] as OnnxGraph;
    inner.nodes = inner.nodes.map((node) => (node.outputs[0] === 'item' ? op('Neg', ['shared'], 'item') : node));
    const after = await preserved(graph, hoistFromLoops, fed());
    expect(outside(after)).toEqual(['Loop']);
  });

  it('leaves a quotient of integers in the loop, since the processor stops at a division by zero', () => {
    const whole = typed('int32', -1, 3);
    const graph = loop(
      [op('Cast', ['row'], 'a', { to: 6 }), op('Div', ['a', 'd'], 'b'), op('Cast', ['b'], 't', { to: 1 })],
      { a: whole, b: whole },
    );
    graph.constants.set('d', tensor('int32', [], [0]));
    hoistFromLoops(graph);
    expect(outside(graph)).toEqual(['Cast', 'Loop']);
  });

  it.each([
    ['rows by another index', op('Gather', ['rows', 'one'], 'row', { axis: 0 })],
    ['columns', op('Gather', ['rows', 'turn'], 'row', { axis: 1 })],
  ])('picks no %s', (_, pick) => {
    const graph = loop([op('Sqrt', ['row'], 't')]);
    graph.nodes[0]?.bodies?.['body']?.nodes.splice(0, 1, pick);
    hoistFromLoops(graph);
    expect(outside(graph)).toEqual(['Loop']);
  });

  it('leaves branches alone', () => {
    const graph = onnx({ inputs: { c: typed('bool'), x: STATE }, nodes: [], outputs: { y: STATE } });
    const branch = (name: string) =>
      body(graph, {}, { [name]: STATE }, [op('Neg', ['x'], `${name}/a`), op('Neg', [`${name}/a`], name)]);
    graph.nodes.push({ ...op('If', ['c'], 'y'), bodies: { then_branch: branch('t'), else_branch: branch('e') } });
    hoistFromLoops(graph);
    expect(outside(graph)).toEqual(['If']);
  });
});

const step = fc.oneof(
  fc.record({
    op: fc.constantFrom('Tanh', 'Neg', 'Relu', 'Sigmoid'),
    other: fc.constant(undefined),
    swap: fc.constant(false),
  }),
  fc.record({
    op: fc.constantFrom('Add', 'Sub', 'Mul'),
    other: fc.constantFrom('shared', 'wide', 'u', 'low', 's', 'row'),
    swap: fc.boolean(),
  }),
  fc.record({ op: fc.constantFrom('MatMul', 'Gemm'), other: fc.constant('w'), swap: fc.constant(false) }),
);
const random = fc.record({
  steps: fc.array(fc.tuple(step, fc.nat()), { minLength: 1, maxLength: 8 }),
  sizes: fc.tuple(fc.nat(3), fc.nat(2), fc.nat(2)),
});

it('hoist-from-loops keeps the answers of random loops, of no turns, rows and batch too', async () => {
  const property = fc.asyncProperty(random, async ({ steps, sizes: [turns, batch, spare] }) => {
    const made = ['row', 'shared'];
    const nodes = steps.map(([{ op: name, other, swap }, pick], i) => {
      const from = made[pick % made.length] ?? 'row';
      const result = i === steps.length - 1 ? 't' : `t${i}`;
      made.push(result);
      const inputs = other === undefined ? [from] : [from, other];
      return op(name, swap ? inputs.toReversed() : inputs, result);
    });
    const types = Object.fromEntries(made.slice(2).map((name) => [name, ROW]));
    await preserved(loop(nodes, types), hoistFromLoops, fed(turns, batch, turns + spare), 1e-4);
  });
  await fc.assert(property, { numRuns: 80 });
});

/** Factors and biases behind the reshape of a matrix product come before it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldAffine } from '../../../src/compile/passes/affine.ts';
import { liftAffine } from '../../../src/compile/passes/lift-affine.ts';
import type { OnnxGraph, OnnxNode } from '../../../src/onnx-graph.ts';
import { tensor } from '../../support/nodes.ts';
import { float, onnx, op, opsIn, preserved, type Sketch, type Tensors, typed, wave } from './onnx.ts';

const FLAT = float(-1, 5);
const SHAPED = float(-1, 3, 2, 4);
const fed = { x: wave([6, 5]) };
const target = tensor('int64', [4], [-1, 3, 2, 4]);
const product = op('MatMul', ['x', 'w'], 'm');
const reshape = op('Reshape', ['m', 'target'], 'r');

/** A product of 8 columns, which become two dimensions, and `tail` on the result `r`. */
function net(tail: readonly OnnxNode[], constants: Tensors, more: Partial<Sketch> = {}): OnnxGraph {
  return onnx({
    inputs: { x: FLAT },
    constants: { w: wave([5, 8], 2), target, ...constants },
    nodes: [product, reshape, ...tail],
    types: { m: float(-1, 8), r: SHAPED, a: SHAPED, b: SHAPED },
    outputs: { y: SHAPED },
    ...more,
  });
}

const both = (graph: OnnxGraph): void => {
  liftAffine(graph);
  foldAffine(graph);
};

describe('lift-affine', () => {
  it.each<[string, OnnxNode, Tensors]>([
    ['a bias for each column', op('Add', ['r', 'k'], 'y'), { k: wave([2, 4], 3) }],
    ['a bias for the last dimension', op('Add', ['k', 'r'], 'y'), { k: wave([4], 3) }],
    ['a bias for the dimension before', op('Sub', ['r', 'k'], 'y'), { k: wave([2, 1], 3) }],
    ['a number', op('Mul', ['r', 'k'], 'y'), { k: wave([], 3) }],
    ['ones in front', op('Div', ['r', 'k'], 'y'), { k: wave([1, 1, 2, 4], 3) }],
  ])('brings %s before the reshape', async (_, node, constants) => {
    const graph = net([node], constants);
    expect(opsIn(await preserved(graph, liftAffine, fed))).toEqual(['MatMul', node.op, 'Reshape']);
    expect(opsIn(await preserved(graph, both, fed))).toEqual([
      node.op === 'Mul' || node.op === 'Div' ? 'MatMul' : 'Gemm',
      'Reshape',
    ]);
  });

  it('brings a chain, of which each comes before the reshape in turn', async () => {
    const tail = [op('Add', ['r', 'k'], 'a'), op('Mul', ['a', 's'], 'b'), op('Add', ['b', 'k'], 'y')];
    const graph = net(tail, { k: wave([2, 4], 3), s: wave([4], 4) });
    expect(opsIn(await preserved(graph, liftAffine, fed))).toEqual(['MatMul', 'Add', 'Mul', 'Add', 'Reshape']);
    expect(opsIn(await preserved(graph, both, fed))).toEqual(['Gemm', 'Reshape']);
  });

  const k = wave([2, 4], 3);
  it.each<[string, OnnxGraph]>([
    ['a shaped product that is used again', net([op('Add', ['r', 'k'], 'a'), op('Mul', ['a', 'r'], 'y')], { k })],
    [
      'a shaped product that is an output',
      net([op('Add', ['r', 'k'], 'y')], { k }, { outputs: { y: SHAPED, r: SHAPED } }),
    ],
    ['what varies along the rows', net([op('Add', ['r', 'k'], 'y')], { k: wave([3, 1, 1], 3) })],
    [
      'what adds a dimension',
      net([op('Add', ['r', 'k'], 'y')], { k: wave([1, 1, 1, 1, 4], 3) }, { outputs: { y: float(1, -1, 3, 2, 4) } }),
    ],
    ['the sum with another product', net([op('Add', ['r', 'r'], 'y')], {})],
    ['another op between', net([op('Relu', ['r'], 'a'), op('Add', ['a', 'k'], 'y')], { k })],
    [
      'columns that are told apart from rows nowhere',
      net(
        [op('Add', ['r', 'k'], 'y')],
        { k: wave([4], 3), target: tensor('int64', [2], [-1, 16]) },
        { types: { r: float(-1, 16) }, outputs: { y: float(-1, 16) } },
      ),
    ].map((each) => each) as [string, OnnxGraph],
  ])('leaves %s alone', async (_, graph) => {
    const odd = graph.constants.get('target')?.shape[0] === 2;
    if (odd) graph.constants.set('k', wave([16], 3));
    expect(opsIn(await preserved(graph, liftAffine, fed))).toEqual(opsIn(graph));
  });

  it('leaves weights alone that are fed, and what no product made', async () => {
    const { w, ...others } = { w: wave([5, 8], 2), target, k };
    const graph = net([op('Add', ['r', 'k'], 'y')], {}, { inputs: { x: FLAT, w: float(5, 8) }, constants: others });
    expect(opsIn(await preserved(graph, liftAffine, { ...fed, w }))).toEqual(['MatMul', 'Reshape', 'Add']);
    const plain = net(
      [op('Add', ['r', 'k'], 'y')],
      { k },
      { inputs: { x: float(-1, 8) }, nodes: [op('Relu', ['x'], 'm'), reshape, op('Add', ['r', 'k'], 'y')] },
    );
    expect(opsIn(await preserved(plain, liftAffine, { x: wave([6, 8]) }))).toEqual(['Relu', 'Reshape', 'Add']);
  });

  it('works on integers and doubles as well', async () => {
    const ints = (shape: readonly number[]) =>
      tensor(
        'int32',
        shape,
        Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => (i % 7) - 3),
      );
    const type = typed('int32', -1, 3, 2, 4);
    const graph = onnx({
      inputs: { x: typed('int32', -1, 5) },
      constants: { w: ints([5, 8]), target, k: ints([2, 4]) },
      nodes: [product, reshape, op('Add', ['r', 'k'], 'y')],
      types: { m: typed('int32', -1, 8), r: type },
      outputs: { y: type },
    });
    expect(opsIn(await preserved(graph, both, { x: ints([6, 5]) }))).toEqual(['MatMul', 'Add', 'Reshape']);
  });
});

const size = fc.integer({ min: 1, max: 3 });
const random = fc.record({
  rows: fc.tuple(fc.nat(2), size),
  columns: fc.tuple(size, size),
  known: fc.boolean(),
  steps: fc.array(
    fc.record({
      op: fc.constantFrom('Add', 'Sub', 'Mul', 'Div', 'Neg'),
      ones: fc.nat(15),
      cut: fc.nat(4),
      swap: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  ),
});

it('lift-affine and fold-affine keep the answers of random chains, of no rows too', async () => {
  const property = fc.asyncProperty(random, async ({ rows: [batch, time], columns, known, steps }) => {
    const [heads, depth] = columns;
    const shape = [batch, time, heads, depth];
    const type = float(-1, known ? time : -1, heads, depth);
    const constants = Object.fromEntries(
      steps.map(({ ones, cut }, i) => [
        `k${i}`,
        wave([1, time, heads, depth].map((dim, axis) => ((ones >> axis) & 1 ? 1 : dim)).slice(cut), i + 5),
      ]),
    );
    const names = ['r', ...steps.slice(1).map((_, i) => `t${i}`), 'y'];
    const tail = steps.map(({ op: name, swap }, i) => {
      const inputs = [names[i] ?? '', `k${i}`];
      return op(name, name === 'Neg' ? inputs.slice(0, 1) : swap ? inputs.toReversed() : inputs, names[i + 1] ?? '');
    });
    const graph = onnx({
      inputs: { x: FLAT },
      constants: {
        w: wave([5, heads * depth], 2),
        target: tensor('int64', [4], [batch, time, heads, depth]),
        ...constants,
      },
      nodes: [product, op('Reshape', ['m', 'target'], 'r', { allowzero: 1 }), ...tail],
      types: { m: float(-1, heads * depth), ...Object.fromEntries(names.map((name) => [name, type])) },
      outputs: { y: type },
    });
    await preserved(graph, both, { x: wave([(shape[0] as number) * time, 5]) }, 1e-3);
  });
  await fc.assert(property, { numRuns: 100 });
});

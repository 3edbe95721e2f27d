/** A leaky ReLU that is spelt out becomes one op. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { removeDead } from '../../../src/compile/passes/dead.ts';
import { raiseLeakyRelus } from '../../../src/compile/passes/raise-leaky-relu.ts';
import type { OnnxGraph, OnnxNode } from '../../../src/onnx-graph.ts';
import type { Tensor } from '../../../src/tensor.ts';
import { tensor } from '../../support/nodes.ts';
import { float, onnx, op, opsIn, preserved, type Sketch, typed, wave } from './onnx.ts';

const pass = (graph: OnnxGraph): void => {
  raiseLeakyRelus(graph);
  removeDead(graph);
};

const X = float(-1, 5);
const number = (value: number): Tensor => tensor('float32', [], [value]);
const fed = { x: wave([4, 5]) };

function net(nodes: readonly OnnxNode[], k: Tensor, more: Partial<Sketch> = {}): OnnxGraph {
  return onnx({ inputs: { x: X }, constants: { k }, nodes, outputs: { y: X }, ...more });
}

const prelu = [
  op('Relu', ['x'], 'r'),
  op('Neg', ['x'], 'n'),
  op('Relu', ['n'], 'm'),
  op('Mul', ['k', 'm'], 'p'),
  op('Add', ['r', 'p'], 'y'),
];
const maximum = [op('Mul', ['x', 'k'], 'p'), op('Max', ['p', 'x'], 'y')];

describe('raise-leaky-relus', () => {
  it.each<[string, readonly OnnxNode[], Tensor, number]>([
    ["Keras's PReLU with one slope for all", prelu, number(-0.25), 0.25],
    ['a slope with dimensions', prelu, tensor('float32', [1, 1], [-0.25]), 0.25],
    ['a slope downwards', prelu, number(2), -2],
    ['the larger of x and a part of it', maximum, number(0.25), 0.25],
    ['the larger of x and itself', maximum, number(1), 1],
  ])('makes one op of %s', async (_, nodes, k, alpha) => {
    const after = await preserved(net(nodes, k), pass, fed);
    expect(after.nodes).toMatchObject([{ op: 'LeakyRelu', inputs: ['x'], attrs: { alpha: { f: alpha } } }]);
  });

  it.each<[string, readonly OnnxNode[], Tensor]>([
    ['a slope for each channel', prelu, wave([5])],
    ['an infinite slope', prelu, number(Number.NEGATIVE_INFINITY)],
    ['the larger of x and a multiple of it', maximum, number(2)],
    ['the larger of x and none of it, which is NaN at infinity', maximum, number(0)],
    ['the larger of x and its opposite', maximum, number(-0.5)],
    ['the least', [op('Mul', ['x', 'k'], 'p'), op('Min', ['p', 'x'], 'y')], number(0.5)],
    [
      'the negative part of something else',
      [...prelu.slice(0, 1), op('Abs', ['x'], 'n'), ...prelu.slice(2)],
      number(0.5),
    ],
  ])('leaves %s alone', async (_, nodes, k) => {
    const graph = net(nodes, k);
    expect(opsIn(await preserved(graph, pass, fed))).toEqual(opsIn(graph));
  });

  it('leaves a number alone that has more dimensions than x', async () => {
    for (const nodes of [prelu, maximum]) {
      const graph = net(nodes, tensor('float32', [1, 1, 1], [0.5]), { outputs: { y: float(1, -1, 5) } });
      expect(opsIn(await preserved(graph, pass, fed))).toEqual(opsIn(graph));
    }
  });

  it('leaves doubles alone', () => {
    const graph = net(maximum, number(0.5), { inputs: { x: typed('float64', -1, 5) } });
    pass(graph);
    expect(opsIn(graph)).toEqual(['Mul', 'Max']);
  });
});

const random = fc.record({
  shape: fc.array(fc.nat(3), { minLength: 0, maxLength: 4 }),
  size: fc.constantFrom(0, 1, 1e6, Number.POSITIVE_INFINITY, Number.NaN),
  slope: fc.constantFrom(0.01, 0.25, 0.999, 1),
  form: fc.constantFrom(prelu, maximum),
});

it('raise-leaky-relus keeps the answers for all sizes and numbers, not finite ones too', async () => {
  const property = fc.asyncProperty(random, async ({ shape, size, slope, form }) => {
    const type = float(...shape.map(() => -1));
    const k = number(form === prelu ? -slope : slope);
    const graph = net(form, k, { inputs: { x: type }, outputs: { y: type } });
    const x = wave(shape);
    const data = Float32Array.from(x.data as Float32Array, (value) => value * size);
    expect(opsIn(await preserved(graph, pass, { x: { ...x, data } }))).toEqual(['LeakyRelu']);
  });
  await fc.assert(property, { numRuns: 80 });
});

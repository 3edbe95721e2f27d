/** relu6(x + 3) / 6 becomes one op. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { removeDead } from '../../../src/compile/passes/dead.ts';
import { raiseHardSigmoids } from '../../../src/compile/passes/raise-hard-sigmoid.ts';
import type { OnnxGraph, OnnxNode } from '../../../src/onnx-graph.ts';
import { tensor } from '../../support/nodes.ts';
import { float, onnx, op, opsIn, preserved, type Sketch, typed, wave } from './onnx.ts';

const pass = (graph: OnnxGraph): void => {
  raiseHardSigmoids(graph);
  removeDead(graph);
};

const X = float(-1, 5);
const number = (value: number) => tensor('float32', [], [value]);
const CONSTANTS = { zero: number(0), three: number(3), six: number(6), sixth: number(1 / 6), five: number(5) };
const fed = { x: { ...wave([4, 5]), data: Float32Array.from({ length: 20 }, (_, i) => i / 2 - 5) } };

function net(nodes: readonly OnnxNode[], more: Partial<Sketch> = {}): OnnxGraph {
  return onnx({ inputs: { x: X }, constants: CONSTANTS, nodes, outputs: { y: X }, ...more });
}

const ramp = [op('Add', ['x', 'three'], 's'), op('Clip', ['s', 'zero', 'six'], 'r')];

describe('raise-hard-sigmoids', () => {
  it.each<[string, readonly OnnxNode[], readonly string[]]>([
    ['a quotient', [...ramp, op('Div', ['r', 'six'], 'y')], ['HardSigmoid']],
    ['a product', [...ramp, op('Mul', ['sixth', 'r'], 'y')], ['HardSigmoid']],
    ['hard swish', [...ramp, op('Div', ['r', 'six'], 'g'), op('Mul', ['x', 'g'], 'y')], ['HardSigmoid', 'Mul']],
    [
      'hard swish, divided in the end',
      [...ramp, op('Mul', ['r', 'x'], 'g'), op('Div', ['g', 'six'], 'y')],
      ['HardSigmoid', 'Mul'],
    ],
    [
      'hard swish, multiplied in the end',
      [...ramp, op('Mul', ['x', 'r'], 'g'), op('Mul', ['g', 'sixth'], 'y')],
      ['HardSigmoid', 'Mul'],
    ],
  ])('makes one op of it as %s', async (_, nodes, ops) => {
    expect(opsIn(await preserved(net(nodes), pass, fed))).toEqual(ops);
  });

  it('lets the ramp be used by others', async () => {
    const graph = net([...ramp, op('Div', ['r', 'six'], 'y')], { outputs: { y: X, r: X } });
    expect(opsIn(await preserved(graph, pass, fed))).toEqual(['Add', 'Clip', 'HardSigmoid']);
  });

  it.each<[string, readonly OnnxNode[]]>([
    ['another ramp', [op('Add', ['x', 'five'], 's'), ...ramp.slice(1), op('Div', ['r', 'six'], 'y')]],
    ['another limit', [...ramp.slice(0, 1), op('Clip', ['s', 'zero', 'five'], 'r'), op('Div', ['r', 'six'], 'y')]],
    ['no least limit', [...ramp.slice(0, 1), op('Clip', ['s', '', 'six'], 'r'), op('Div', ['r', 'six'], 'y')]],
    ['another divisor', [...ramp, op('Div', ['r', 'five'], 'y')]],
    ['the quotient the other way round', [...ramp, op('Div', ['six', 'r'], 'y')]],
  ])('leaves %s alone', async (_, nodes) => {
    expect(opsIn(await preserved(net(nodes), pass, fed))).toEqual(nodes.map((node) => node.op));
  });

  it('leaves doubles and a number of more dimensions alone', () => {
    const double = net([...ramp, op('Div', ['r', 'six'], 'y')], { inputs: { x: typed('float64', -1, 5) } });
    const wide = net([...ramp, op('Div', ['r', 'wide'], 'y')], {
      constants: { ...CONSTANTS, wide: tensor('float32', [1, 1, 1], [6]) },
    });
    for (const graph of [double, wide]) {
      pass(graph);
      expect(opsIn(graph)).toEqual(['Add', 'Clip', 'Div']);
    }
  });
});

const random = fc.record({
  shape: fc.array(fc.nat(3), { minLength: 0, maxLength: 4 }),
  size: fc.constantFrom(0, 1, 3, 1e6, Number.POSITIVE_INFINITY, Number.NaN),
  swish: fc.boolean(),
});

it('raise-hard-sigmoids keeps the answers for all sizes and numbers, not finite ones too', async () => {
  const property = fc.asyncProperty(random, async ({ shape, size, swish }) => {
    const type = float(...shape.map(() => -1));
    const tail = swish ? [op('Div', ['r', 'six'], 'g'), op('Mul', ['x', 'g'], 'y')] : [op('Div', ['r', 'six'], 'y')];
    const graph = net([...ramp, ...tail], { inputs: { x: type }, outputs: { y: type } });
    const x = wave(shape);
    const data = Float32Array.from(x.data as Float32Array, (value) => value * size);
    const after = await preserved(graph, pass, { x: { ...x, data } });
    expect(opsIn(after)).toEqual(swish ? ['HardSigmoid', 'Mul'] : ['HardSigmoid']);
  });
  await fc.assert(property, { numRuns: 80 });
});

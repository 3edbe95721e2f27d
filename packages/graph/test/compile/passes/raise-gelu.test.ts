/** GELU that is spelt out becomes one op. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { removeDead } from '../../../src/compile/passes/dead.ts';
import { raiseGelus } from '../../../src/compile/passes/raise-gelu.ts';
import type { OnnxGraph, OnnxNode } from '../../../src/onnx-graph.ts';
import { tensor } from '../../support/nodes.ts';
import { float, onnx, op, opsIn, preserved, type Sketch, typed, wave } from './onnx.ts';

const pass = (graph: OnnxGraph): void => {
  raiseGelus(graph);
  removeDead(graph);
};

const X = float(-1, 5);
const number = (value: number) => tensor('float32', [], [value]);
const CONSTANTS = {
  half: number(0.5),
  one: number(1),
  two: number(2),
  root: number(Math.SQRT2),
  inverse: number(Math.SQRT1_2),
};
const fed = { x: wave([2, 5]) };

function net(nodes: readonly OnnxNode[], more: Partial<Sketch> = {}): OnnxGraph {
  return onnx({ inputs: { x: X }, constants: CONSTANTS, nodes, types: { h: X }, outputs: { y: X }, ...more });
}

const erf = [op('Div', ['x', 'root'], 'd'), op('Erf', ['d'], 'e'), op('Add', ['one', 'e'], 'p')];
const erfc = [
  op('Neg', ['x'], 'n'),
  op('Mul', ['n', 'inverse'], 'd'),
  op('Erf', ['d'], 'e'),
  op('Sub', ['one', 'e'], 'p'),
];
const halved = op('Mul', ['half', 'x'], 'h');

describe('raise-gelus', () => {
  it.each<[string, readonly OnnxNode[]]>([
    ['Keras 3 writes it', [halved, ...erfc, op('Mul', ['h', 'p'], 'y')]],
    ['Keras 2 writes it', [halved, ...erf, op('Mul', ['h', 'p'], 'y')]],
    ['others do, halving the error function', [...erf, op('Mul', ['p', 'half'], 'h'), op('Mul', ['x', 'h'], 'y')]],
    ['others do, halving in the end', [...erf, op('Mul', ['p', 'x'], 'h'), op('Mul', ['half', 'h'], 'y')]],
    [
      'others do, with a product',
      [
        halved,
        op('Mul', ['inverse', 'x'], 'd'),
        op('Erf', ['d'], 'e'),
        op('Add', ['e', 'one'], 'p'),
        op('Mul', ['p', 'h'], 'y'),
      ],
    ],
  ])('makes one op of it as %s', async (_, nodes) => {
    const after = await preserved(net(nodes), pass, fed);
    expect(after.nodes).toMatchObject([{ op: 'Gelu', domain: 'com.microsoft', inputs: ['x'], outputs: ['y'] }]);
  });

  const last = op('Mul', ['h', 'p'], 'y');
  it.each<[string, readonly OnnxNode[]]>([
    ['another width of the error function', [halved, op('Div', ['x', 'two'], 'd'), ...erf.slice(1), last]],
    ['the other sign', [halved, ...erf.slice(0, 2), op('Sub', ['one', 'e'], 'p'), last]],
    ['what is not halved', [op('Mul', ['two', 'x'], 'h'), ...erf, last]],
    ['another number than one', [halved, ...erf.slice(0, 2), op('Add', ['two', 'e'], 'p'), last]],
    ['the function of something else', [op('Abs', ['x'], 'z'), op('Mul', ['half', 'z'], 'h'), ...erf, last]],
  ])('leaves %s alone', async (_, nodes) => {
    expect(opsIn(await preserved(net(nodes), pass, fed))).toEqual(nodes.map((node) => node.op));
  });

  it('leaves doubles alone', () => {
    const double = (value: number) => tensor('float64', [], [value]);
    const constants = { half: double(0.5), one: double(1), root: double(Math.SQRT2) };
    const type = typed('float64', -1, 5);
    const graph = net([halved, ...erf, last], { inputs: { x: type }, outputs: { y: type }, constants });
    pass(graph);
    expect(opsIn(graph)).not.toContain('Gelu');
  });
});

const random = fc.record({
  shape: fc.array(fc.nat(3), { minLength: 0, maxLength: 4 }),
  form: fc.constantFrom(erf, erfc),
  size: fc.constantFrom(0, 1, 5, 1e6, Number.POSITIVE_INFINITY, Number.NaN),
});

it('raise-gelus keeps the answers for all sizes and numbers, not finite ones too', async () => {
  const property = fc.asyncProperty(random, async ({ shape, form, size }) => {
    const type = float(...shape.map(() => -1));
    const graph = net([halved, ...form, op('Mul', ['h', 'p'], 'y')], {
      inputs: { x: type },
      types: {},
      outputs: { y: type },
    });
    const x = wave(shape);
    const data = Float32Array.from(x.data as Float32Array, (value) => value * size);
    expect(opsIn(await preserved(graph, pass, { x: { ...x, data } }))).toEqual(['Gelu']);
  });
  await fc.assert(property, { numRuns: 80 });
});

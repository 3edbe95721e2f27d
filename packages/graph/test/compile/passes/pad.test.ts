/** Paddings with zeros are taken into the convolution or maximum behind them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { removeDead } from '../../../src/compile/passes/dead.ts';
import { guardMaxPools } from '../../../src/compile/passes/guard-max-pool.ts';
import { foldPads } from '../../../src/compile/passes/pad.ts';
import type { OnnxGraph, OnnxNode } from '../../../src/onnx-graph.ts';
import type { Tensor } from '../../../src/tensor.ts';
import { tensor } from '../../support/nodes.ts';
import { float, onnx, op, opsIn, preserved, type Sketch, wave } from './onnx.ts';

const pass = (graph: OnnxGraph): void => {
  foldPads(graph);
  removeDead(graph);
};

const amounts = (...list: readonly number[]): Tensor => tensor('int64', [list.length], list);
const fed = { x: wave([2, 3, 5, 6]) };

function net(nodes: readonly OnnxNode[], more: Partial<Sketch> = {}, constants: Sketch['constants'] = {}): OnnxGraph {
  return onnx({
    inputs: { x: float(-1, 3, 5, 6) },
    constants: {
      pads: amounts(0, 0, 1, 2, 0, 0, 0, 1),
      zero: tensor('float32', [], [0]),
      w: wave([4, 3, 3, 3], 2),
      ...constants,
    },
    nodes,
    outputs: { y: float(-1, -1, -1, -1) },
    ...more,
  });
}

const padded = op('Pad', ['x', 'pads'], 'p');
const conv = op('Conv', ['p', 'w'], 'y');
const pool = (attrs: OnnxNode['attrs'] = {}): OnnxNode => op('MaxPool', ['p'], 'y', { kernel_shape: [3, 3], ...attrs });
const clip = (min: number, max: number): readonly [OnnxNode, Sketch['constants']] => [
  op('Clip', ['x', 'min', 'max'], 'r'),
  { min: tensor('float32', [], [min]), max: tensor('float32', [], [max]) },
];
const behindRelu = [op('Relu', ['x'], 'r'), op('Pad', ['r', 'pads'], 'p')];

describe('fold-pads', () => {
  it.each([
    ['a convolution', [padded, conv]],
    ['a convolution that pads as well', [padded, op('Conv', ['p', 'w'], 'y', { pads: [1, 0, 2, 1] })]],
    ['a convolution with gaps', [padded, op('Conv', ['p', 'w'], 'y', { strides: [2, 1], dilations: [1, 2] })]],
    ['a convolution, zeros being said', [op('Pad', ['x', 'pads', 'zero'], 'p', { mode: 'constant' }), conv]],
  ])('takes zeros into %s', async (_, nodes) => {
    expect(opsIn(await preserved(net(nodes), pass, fed))).toEqual(['Conv']);
  });

  it('looks through the transposition at the entrance', async () => {
    const nodes = [op('Pad', ['x', 'pads'], 'q'), op('Transpose', ['q'], 'p', { perm: [0, 3, 1, 2] }), conv];
    const graph = net(nodes, { inputs: { x: float(-1, 5, 6, 3) } }, { pads: amounts(0, 1, 2, 0, 0, 0, 1, 0) });
    expect(opsIn(await preserved(graph, pass, { x: wave([2, 5, 6, 3]) }))).toEqual(['Transpose', 'Conv']);
  });

  it.each(['Relu', 'Sigmoid', 'Softmax'])('takes zeros into a maximum of what comes out of %s', async (before) => {
    const nodes = [op(before, ['x'], 'r'), op('Pad', ['r', 'pads'], 'p'), pool()];
    expect(opsIn(await preserved(net(nodes), pass, fed))).toEqual([before, 'MaxPool']);
  });

  it('takes zeros into a maximum of what is clipped at 0', async () => {
    const [node, limits] = clip(0, 6);
    const graph = net([node, op('Pad', ['r', 'pads'], 'p'), pool()], {}, limits);
    expect(opsIn(await preserved(graph, pass, fed))).toEqual(['Clip', 'MaxPool']);
  });

  const three = { pads: amounts(0, 0, 3, 0, 0, 0, 0, 0) };
  const left: readonly (readonly [what: string, graph: OnnxGraph])[] = [
    [
      'other numbers than zeros',
      net([op('Pad', ['x', 'pads', 'one'], 'p'), conv], {}, { one: tensor('float32', [], [1]) }),
    ],
    ['reflections', net([op('Pad', ['x', 'pads'], 'p', { mode: 'reflect' }), conv])],
    ['a padded batch', net([padded, conv], {}, { pads: amounts(1, 0, 1, 1, 0, 0, 1, 1) })],
    ['padded channels', net([padded, conv], {}, { pads: amounts(0, 1, 1, 1, 0, 0, 1, 1), w: wave([4, 4, 3, 3]) })],
    ['what cuts', net([padded, conv], {}, { pads: amounts(0, 0, -1, 1, 0, 0, 1, 1) })],
    [
      'a convolution that finds its padding itself',
      net([padded, op('Conv', ['p', 'w'], 'y', { auto_pad: 'SAME_UPPER' })]),
    ],
    [
      'a padded image that is used again',
      net([padded, conv, op('Relu', ['p'], 'z')], { outputs: { y: float(-1, -1, -1, -1), z: float(-1, -1, -1, -1) } }),
    ],
    [
      'a padded image that is an output',
      net([padded, conv], { outputs: { y: float(-1, -1, -1, -1), p: float(-1, -1, -1, -1) } }),
    ],
    ['a maximum where the window can lie in the padding', net([...behindRelu, pool()], {}, three)],
    ['a maximum that pads as well', net([...behindRelu, pool({ pads: [0, 0, 1, 1] })])],
  ];
  it.each(left)('leaves %s alone', async (_, graph) => {
    const guarded = (each: OnnxGraph): void => {
      pass(each);
      expect(opsIn(each)).toEqual(opsIn(graph));
      guardMaxPools(each);
    };
    await preserved(graph, guarded, fed);
  });

  it.each([
    ['of any sign', [padded, pool()], {}],
    ['clipped below 0', [clip(-1, 6)[0], op('Pad', ['r', 'pads'], 'p'), pool()], clip(-1, 6)[1]],
    ['clipped at a largest number below 0', [clip(0, -1)[0], op('Pad', ['r', 'pads'], 'p'), pool()], clip(0, -1)[1]],
  ])('leaves a maximum of numbers %s alone', (_, nodes, constants) => {
    const graph = net(nodes, {}, constants);
    pass(graph);
    expect(opsIn(graph)).toContain('Pad');
  });

  it('leaves amounts alone that are known only at run time', async () => {
    const graph = net([padded, conv], { inputs: { x: float(-1, 3, 5, 6), pads: { dtype: 'int64', shape: [8] } } });
    graph.constants.delete('pads');
    const feeds = { ...fed, pads: amounts(0, 0, 1, 2, 0, 0, 0, 1) };
    expect(opsIn(await preserved(graph, pass, feeds))).toEqual(['Pad', 'Conv']);
  });
});

const pads = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 });
const random = fc.record({
  shape: fc.tuple(fc.nat(2), fc.constant(3), fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 })),
  pads,
  own: fc.option(pads, { nil: undefined }),
  known: fc.boolean(),
  turned: fc.boolean(),
  window: fc.constantFrom('Conv', 'MaxPool'),
  before: fc.constantFrom('Relu', 'Neg', 'Sigmoid'),
  strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
});

it('fold-pads and guard-max-pools keep the answers for paddings and images of all sizes', async () => {
  const property = fc.asyncProperty(
    random,
    async ({ shape, pads: outer, own, known, turned, window, before, strides }) => {
      const [top = 0, left = 0, bottom = 0, right = 0] = outer;
      const [batch, channels, height, width] = shape;
      fc.pre(height + top + bottom >= 2 && width + left + right >= 3);
      const limits = window === 'MaxPool' ? own?.map((pad, i) => Math.min(pad, i % 2 === 0 ? 1 : 2)) : own;
      const attrs = { kernel_shape: [2, 3], strides, ...(limits === undefined ? {} : { pads: limits }) };
      const perm = [0, 3, 1, 2];
      const given = turned ? [batch, height, width, channels] : shape;
      const list = turned ? [0, top, left, 0, 0, bottom, right, 0] : [0, 0, top, left, 0, 0, bottom, right];
      const graph = onnx({
        inputs: { x: float(...given.map((dim, i) => (i === 0 || !known ? -1 : dim))) },
        constants: { pads: amounts(...list), w: wave([4, 3, 2, 3], 2) },
        nodes: [
          op(before, ['x'], 'r'),
          op('Pad', ['r', 'pads'], turned ? 'q' : 'p'),
          ...(turned ? [op('Transpose', ['q'], 'p', { perm })] : []),
          op(window, window === 'Conv' ? ['p', 'w'] : ['p'], 'y', attrs),
        ],
        types: turned ? {} : { p: float(-1, 3, -1, -1) },
        outputs: { y: float(-1, -1, -1, -1) },
      });
      const both = (each: OnnxGraph): void => {
        pass(each);
        guardMaxPools(each);
      };
      await preserved(graph, both, { x: wave(given) }, 1e-4);
    },
  );
  await fc.assert(property, { numRuns: 120 });
});

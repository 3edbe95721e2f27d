/** The engine must not take a padding with zeros into a maximum. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { guardMaxPools } from '../../../src/compile/passes/guard-max-pool.ts';
import type { DType } from '../../../src/dtype.ts';
import { DTYPES } from '../../../src/dtype.ts';
import type { OnnxNode } from '../../../src/onnx-graph.ts';
import type { Tensor } from '../../../src/tensor.ts';
import { tensor } from '../../support/nodes.ts';
import { onnx, op, opsIn, preserved, typed } from './onnx.ts';

const CONSTANTS = {
  one: tensor('float32', [], [1]),
  pads: tensor('int64', [8], [0, 0, 1, 1, 0, 0, 1, 1]),
};
const kernel = { kernel_shape: [2, 3] };
const pad = op('Pad', ['x', 'pads'], 'p');

/** Negative throughout, but for dtypes that cannot be. */
function below(dtype: DType, shape: readonly number[]): Tensor {
  const size = shape.reduce((product, dim) => product * dim, 1);
  return tensor(
    dtype,
    shape,
    Array.from({ length: size }, (_, i) => (dtype === 'uint8' ? 1 : -1) * (1 + ((i * 7) % 11))),
  );
}

function net(nodes: readonly OnnxNode[], dtype: DType = 'float32', shape: readonly number[] = [-1, 2, 4, 5]) {
  const free = [-1, -1, -1, -1];
  return onnx({
    inputs: { x: typed(dtype, ...shape) },
    constants: CONSTANTS,
    nodes,
    types: { p: typed(dtype, ...free) },
    outputs: { y: typed(dtype, ...free) },
  });
}

describe('guard-max-pools', () => {
  it.each([
    ['behind the padding', [pad, op('MaxPool', ['p'], 'y', kernel)], ['Pad', 'MaxPool']],
    [
      'with a padding of its own',
      [pad, op('MaxPool', ['p'], 'y', { ...kernel, pads: [0, 1, 1, 1] })],
      ['Pad', 'Pad', 'MaxPool'],
    ],
    [
      'behind a transposition of it',
      [
        op('Pad', ['x', 'pads'], 'q'),
        op('Transpose', ['q'], 'p', { perm: [0, 1, 3, 2] }),
        op('MaxPool', ['p'], 'y', kernel),
      ],
      ['Pad', 'Transpose', 'MaxPool'],
    ],
    [
      'behind a cast of it',
      [
        op('Pad', ['x', 'pads'], 'q'),
        op('Cast', ['q'], 'd', { to: DTYPES.float64.onnx }),
        op('Cast', ['d'], 'p', { to: DTYPES.float32.onnx }),
        op('MaxPool', ['p'], 'y', kernel),
      ],
      ['Pad', 'Cast', 'Cast', 'MaxPool'],
    ],
    [
      'behind a product of it with 1',
      [op('Pad', ['x', 'pads'], 'q'), op('Mul', ['one', 'q'], 'p'), op('MaxPool', ['p'], 'y', kernel)],
      ['Pad', 'Mul', 'MaxPool'],
    ],
    [
      'behind an identity of it',
      [op('Pad', ['x', 'pads'], 'q'), op('Identity', ['q'], 'p'), op('MaxPool', ['p'], 'y', kernel)],
      ['Pad', 'Identity', 'MaxPool'],
    ],
  ])('keeps a maximum right %s', async (_, nodes, ops) => {
    const after = await preserved(net(nodes), guardMaxPools, { x: below('float32', [2, 2, 4, 5]) }, 0);
    expect(opsIn(after)).toEqual(ops);
    expect(after.nodes.at(-1)?.attrs).toEqual({ ...kernel, auto_pad: 'VALID' });
  });

  it.each(['float64', 'int8', 'uint8'] as const)('pads %s with the least there is', async (dtype) => {
    const graph = net([pad, op('MaxPool', ['p'], 'y', { ...kernel, pads: [0, 1, 1, 1] })], dtype);
    const after = await preserved(graph, guardMaxPools, { x: below(dtype, [1, 2, 4, 5]) }, 0);
    expect(opsIn(after)).toEqual(['Pad', 'Pad', 'MaxPool']);
  });

  it('pads a line and a volume as well', async () => {
    for (const spatial of [1, 3]) {
      const shape = [1, 2, ...new Array<number>(spatial).fill(4)];
      const ends = [0, 0, ...new Array<number>(spatial).fill(1)];
      const graph = onnx({
        inputs: { x: typed('float32', -1, ...shape.slice(1)) },
        constants: { pads: tensor('int64', [2 * ends.length], [...ends, ...ends]) },
        nodes: [
          pad,
          op('MaxPool', ['p'], 'y', {
            kernel_shape: new Array<number>(spatial).fill(2),
            pads: new Array<number>(2 * spatial).fill(1),
          }),
        ],
        types: { p: typed('float32', ...shape.map(() => -1)) },
        outputs: { y: typed('float32', ...shape.map(() => -1)) },
      });
      const after = await preserved(graph, guardMaxPools, { x: below('float32', shape) }, 0);
      expect(opsIn(after)).toEqual(['Pad', 'Pad', 'MaxPool']);
    }
  });

  it.each([
    [
      'a maximum of what nothing has padded',
      [op('Relu', ['x'], 'p'), op('MaxPool', ['p'], 'y', { ...kernel, pads: [0, 1, 1, 1] })],
    ],
    [
      'a maximum that finds its padding itself',
      [pad, op('MaxPool', ['p'], 'y', { ...kernel, auto_pad: 'SAME_UPPER' })],
    ],
    ['another op between', [pad, op('Abs', ['p'], 'a'), op('MaxPool', ['a'], 'y', kernel)]],
    ['an average of what is padded', [pad, op('AveragePool', ['p'], 'y', kernel)]],
    ['an average that pads as well', [pad, op('AveragePool', ['p'], 'y', { ...kernel, pads: [0, 1, 1, 1] })]],
  ])('leaves %s alone', async (_, nodes) => {
    const graph = net(nodes);
    const after = await preserved(graph, guardMaxPools, { x: below('float32', [2, 2, 4, 5]) });
    expect(after.nodes).toEqual(graph.nodes);
  });
});

const amount = fc.nat(2);
const random = fc.record({
  sizes: fc.tuple(
    fc.nat(2),
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 1, max: 6 }),
    fc.integer({ min: 1, max: 6 }),
  ),
  outer: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 }),
  own: fc.tuple(fc.nat(1), amount, fc.nat(1), amount),
  strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
});

it('guard-max-pools keeps the answers for paddings and images of all sizes', async () => {
  const property = fc.asyncProperty(random, async ({ sizes, outer, own, strides }) => {
    const [top = 0, left = 0, bottom = 0, right = 0] = outer;
    fc.pre(sizes[2] + top + bottom >= 2 && sizes[3] + left + right >= 3);
    const graph = net([pad, op('MaxPool', ['p'], 'y', { ...kernel, strides, pads: [...own] })], 'float32', [
      -1,
      sizes[1],
      -1,
      -1,
    ]);
    graph.constants.set('pads', tensor('int64', [8], [0, 0, top, left, 0, 0, bottom, right]));
    await preserved(graph, guardMaxPools, { x: below('float32', sizes) }, 0);
  });
  await fc.assert(property, { numRuns: 80 });
});

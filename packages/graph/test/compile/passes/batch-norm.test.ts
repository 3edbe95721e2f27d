/** A product and a sum per channel of an image become one BatchNormalization. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normaliseLeftovers } from '../../../src/compile/passes/batch-norm.ts';
import { removeDead } from '../../../src/compile/passes/dead.ts';
import type { OnnxGraph, OnnxNode } from '../../../src/onnx-graph.ts';
import { tensor } from '../../support/nodes.ts';
import { float, onnx, op, opsIn, preserved, type Sketch, type Tensors, typed, wave } from './onnx.ts';

const IMAGE = float(-1, 3, 4, 5);
const scale = wave([1, 3, 1, 1], 2);
const offset = wave([3, 1, 1], 3);
const fed = { x: wave([2, 3, 4, 5]) };

const pass = (graph: OnnxGraph): void => {
  normaliseLeftovers(graph);
  removeDead(graph);
};

function net(nodes: readonly OnnxNode[], more: Partial<Sketch> = {}): OnnxGraph {
  const [inputs, types, outputs] = [{ x: IMAGE }, { m: IMAGE }, { y: IMAGE }];
  return onnx({ inputs, types, outputs, constants: { scale, offset }, nodes, ...more });
}

const product = op('Mul', ['x', 'scale'], 'm');

describe('normalise-leftovers', () => {
  it.each([
    ['a product and a sum', [product, op('Add', ['m', 'offset'], 'y')]],
    ['constants on the left', [op('Mul', ['scale', 'x'], 'm'), op('Add', ['offset', 'm'], 'y')]],
    ['a product and a difference', [product, op('Sub', ['m', 'offset'], 'y')]],
  ])('makes one op of %s', async (_, nodes) => {
    expect(opsIn(await preserved(net(nodes), pass, fed))).toEqual(['BatchNormalization']);
  });

  it('does so again for what follows', async () => {
    const again = [op('Mul', ['a', 'scale'], 'n'), op('Add', ['n', 'offset'], 'y')];
    const graph = net([product, op('Add', ['m', 'offset'], 'a'), ...again], {
      types: { m: IMAGE, a: IMAGE, n: IMAGE },
    });
    expect(opsIn(await preserved(graph, pass, fed))).toEqual(['BatchNormalization', 'BatchNormalization']);
  });

  const sum = op('Add', ['m', 'offset'], 'y');
  const infinite = tensor('float32', [1, 3, 1, 1], [1, Number.POSITIVE_INFINITY, -1]);
  const left: readonly (readonly [what: string, graph: OnnxGraph, feeds?: Tensors])[] = [
    ['the subtraction from a constant', net([product, op('Sub', ['offset', 'm'], 'y')])],
    ['a product that is used again', net([product, op('Add', ['m', 'offset'], 'a'), op('Sub', ['a', 'm'], 'y')])],
    ['a product that is an output', net([product, sum], { outputs: { y: IMAGE, m: IMAGE } })],
    ['a sum of two images', net([product, op('Add', ['m', 'x'], 'y')])],
    ['factors that vary along the image', net([product, sum], { constants: { scale: wave([4, 1]), offset } })],
    ['offsets that vary along the image', net([product, sum], { constants: { scale, offset: wave([5]) } })],
    [
      'infinite factors, for which 0 times them would be subtracted',
      net([product, sum], { constants: { scale: infinite, offset } }),
    ],
    [
      'an unknown number of channels',
      net([product, sum], { inputs: { x: float(-1, -1, 4, 5) }, types: {}, outputs: { y: float(-1, -1, 4, 5) } }),
    ],
    [
      'factors that are fed',
      net([product, sum], { inputs: { x: IMAGE, scale: float(1, 3, 1, 1) }, constants: { offset } }),
      { ...fed, scale },
    ],
    [
      'three dimensions',
      net([product, sum], {
        inputs: { x: float(-1, 3, 4) },
        types: { m: float(-1, 3, 4) },
        outputs: { y: float(-1, 3, 4) },
        constants: { scale: wave([3, 1], 2), offset: wave([3, 1], 3) },
      }),
      { x: wave([2, 3, 4]) },
    ],
    [
      'doubles',
      net([product, sum], {
        inputs: { x: typed('float64', -1, 3, 4, 5) },
        types: {},
        outputs: { y: typed('float64', -1, 3, 4, 5) },
        constants: { scale: tensor('float64', [3, 1, 1], [1, 2, 3]), offset: tensor('float64', [3, 1, 1], [1, 2, 3]) },
      }),
      {
        x: tensor(
          'float64',
          [1, 3, 4, 5],
          Array.from({ length: 60 }, (_, i) => i / 7),
        ),
      },
    ],
  ];
  it.each(left.map(([what, graph, feeds = fed]) => [what, graph, feeds] as const))(
    'leaves %s alone',
    async (_, graph, feeds) => {
      expect(opsIn(await preserved(graph, pass, feeds))).toEqual(opsIn(graph));
    },
  );
});

const random = fc.record({
  shape: fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 9 }), fc.nat(3), fc.nat(3)),
  known: fc.tuple(fc.boolean(), fc.boolean()),
  ranks: fc.tuple(fc.constantFrom(3, 4), fc.constantFrom(3, 4)),
  op: fc.constantFrom('Add', 'Sub'),
});

it('normalise-leftovers keeps the answers for images of all sizes, none too', async () => {
  const property = fc.asyncProperty(random, async ({ shape, known, ranks, op: name }) => {
    const [, channels, height, width] = shape;
    const type = float(-1, channels, known[0] ? height : -1, known[1] ? width : -1);
    const vector = (rank: number, seed: number) => wave([1, channels, 1, 1].slice(4 - rank), seed);
    const graph = onnx({
      inputs: { x: type },
      constants: { scale: vector(ranks[0], 2), offset: vector(ranks[1], 3) },
      nodes: [product, op(name, ['m', 'offset'], 'y')],
      types: { m: type },
      outputs: { y: type },
    });
    expect(opsIn(await preserved(graph, pass, { x: wave(shape) }))).toEqual(['BatchNormalization']);
  });
  await fc.assert(property, { numRuns: 60 });
});

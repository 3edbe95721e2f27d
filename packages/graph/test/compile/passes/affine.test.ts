/** Products and sums with constants are taken into the convolution or matrix product before them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldAffine } from '../../../src/compile/passes/affine.ts';
import type { OnnxGraph, OnnxNode, ValueType } from '../../../src/onnx-graph.ts';
import { tensor } from '../../support/nodes.ts';
import { float, onnx, op, opsIn, preserved, type Sketch, type Tensors, typed, wave } from './onnx.ts';

/** One foldable op on `x` that gives `c`, with 4 channels. */
interface Head {
  readonly op: string;
  readonly x: readonly number[];
  readonly weights: readonly number[];
  readonly result: readonly number[];
  readonly attrs?: OnnxNode['attrs'];
}

const HEADS = {
  conv: { op: 'Conv', x: [2, 3, 5, 7], weights: [4, 3, 3, 3], result: [2, 4, 3, 5] },
  'grouped conv': { op: 'Conv', x: [2, 4, 4, 5], weights: [4, 2, 1, 3], result: [2, 4, 4, 3], attrs: { group: 2 } },
  'conv over a line': { op: 'Conv', x: [3, 2, 6], weights: [4, 2, 3], result: [3, 4, 4] },
  'transposed conv': {
    op: 'ConvTranspose',
    x: [2, 3, 3, 2],
    weights: [3, 4, 2, 3],
    result: [2, 4, 4, 4],
    attrs: { group: 1 },
  },
  'transposed grouped conv': {
    op: 'ConvTranspose',
    x: [2, 4, 3, 2],
    weights: [4, 2, 2, 3],
    result: [2, 4, 4, 4],
    attrs: { group: 2 },
  },
  product: { op: 'MatMul', x: [3, 5], weights: [5, 4], result: [3, 4] },
  'product of a stack': { op: 'MatMul', x: [2, 3, 5], weights: [5, 4], result: [2, 3, 4] },
  gemm: { op: 'Gemm', x: [3, 5], weights: [5, 4], result: [3, 4] },
} satisfies Record<string, Head>;

const dynamic = (shape: readonly number[]): ValueType => float(-1, ...shape.slice(1));
const x = (head: Head, batch = head.x[0] ?? 1): Tensors => ({ x: wave([batch, ...head.x.slice(1)]) });

/** The head and what follows on `c`, up to `y`. */
function net(head: Head, tail: readonly OnnxNode[], constants: Tensors, more: Partial<Sketch> = {}): OnnxGraph {
  return onnx({
    inputs: { x: dynamic(head.x) },
    constants: { w: wave(head.weights, 2), ...constants },
    nodes: [op(head.op, ['x', 'w'], 'c', head.attrs), ...tail],
    types: { c: dynamic(head.result) },
    outputs: { y: dynamic(head.result) },
    ...more,
  });
}

/** The shape of one number per channel. */
const perChannel = (head: Head): readonly number[] =>
  head.op.startsWith('Conv') ? [4, ...head.weights.slice(2).map(() => 1)] : [4];

describe('fold-affine', () => {
  it.each(Object.entries(HEADS).filter(([name]) => !name.includes('grouped ') && name !== 'product of a stack'))(
    'takes a product, a sum, a difference and a quotient into a %s',
    async (_, head) => {
      const tail = [
        op('Mul', ['k', 'c'], 'm'),
        op('Add', ['m', 'k'], 'a'),
        op('Sub', ['a', 'k'], 's'),
        op('Div', ['s', 'half'], 'd'),
        op('Add', ['one', 'd'], 'y'),
      ];
      const constants = {
        k: wave(perChannel(head), 3),
        half: tensor('float32', [], [0.5]),
        one: tensor('float32', [1], [1]),
      };
      const after = await preserved(net(head, tail, constants), foldAffine, x(head));
      expect(opsIn(after)).toEqual([head.op === 'MatMul' ? 'Gemm' : head.op]);
    },
  );

  it('takes a sum into a bias that is there, and a product into both', async () => {
    const graph = net(HEADS.conv, [op('Add', ['c', 'k'], 'a'), op('Mul', ['a', 'k'], 'y')], {
      k: wave([4, 1, 1], 3),
      b: wave([4], 4),
    });
    graph.nodes[0]?.inputs.push('b');
    expect(opsIn(await preserved(graph, foldAffine, x(HEADS.conv)))).toEqual(['Conv']);
  });

  it('leaves weights alone that something else uses as well', async () => {
    const graph = net(HEADS.conv, [op('Mul', ['c', 'k'], 'y'), op('Conv', ['x', 'w'], 'z')], { k: wave([4, 1, 1], 3) });
    const both: OnnxGraph = { ...graph, outputs: ['y', 'z'].map((name) => ({ name, ...dynamic(HEADS.conv.result) })) };
    expect(opsIn(await preserved(both, foldAffine, x(HEADS.conv)))).toEqual(['Conv', 'Conv']);
  });

  const k = wave([4, 1, 1], 3);
  const row = wave([4], 3);
  const left: readonly (readonly [what: string, head: Head, tail: readonly OnnxNode[], constants: Tensors])[] = [
    ['a result with a second user', HEADS.conv, [op('Mul', ['c', 'k'], 'm'), op('Add', ['m', 'c'], 'y')], { k }],
    ['a constant that varies along the image', HEADS.conv, [op('Mul', ['c', 'k'], 'y')], { k: wave([5], 3) }],
    ['a constant over rows', HEADS.product, [op('Mul', ['c', 'k'], 'y')], { k: wave([3, 1], 3) }],
    ['the subtraction from a constant', HEADS.conv, [op('Sub', ['k', 'c'], 'y')], { k }],
    ['the division of a constant', HEADS.conv, [op('Div', ['k', 'c'], 'y')], { k }],
    ['a division by zero', HEADS.product, [op('Div', ['c', 'k'], 'y')], { k: tensor('float32', [4], [1, 0, 2, 4]) }],
    [
      'infinite factors',
      HEADS.product,
      [op('Mul', ['c', 'k'], 'y')],
      { k: tensor('float32', [4], [1, Infinity, 2, NaN]) },
    ],
    ['a sum over more than two dimensions', HEADS['product of a stack'], [op('Add', ['c', 'k'], 'y')], { k: row }],
    ['a grouped transposed convolution', HEADS['transposed grouped conv'], [op('Mul', ['c', 'k'], 'y')], { k }],
    ['another op between', HEADS.conv, [op('Relu', ['c'], 'r'), op('Mul', ['r', 'k'], 'y')], { k }],
  ];
  it.each(left)('leaves %s alone', async (_, head, tail, constants) => {
    const graph = net(head, tail, constants);
    expect(opsIn(await preserved(graph, foldAffine, x(head)))).toEqual(opsIn(graph));
  });

  it('leaves a result alone that is an output itself', async () => {
    const graph = net(HEADS.gemm, [op('Mul', ['c', 'k'], 'y')], { k: row });
    const both = { ...graph, outputs: ['y', 'c'].map((name) => ({ name, ...dynamic(HEADS.gemm.result) })) };
    expect(opsIn(await preserved(both, foldAffine, x(HEADS.gemm)))).toEqual(['Gemm', 'Mul']);
  });

  it('leaves a bias alone that is computed', async () => {
    const graph = net(
      HEADS.gemm,
      [op('Mul', ['c', 'k'], 'y')],
      { k: row },
      { inputs: { x: float(-1, 5), b: float(4) } },
    );
    graph.nodes[0]?.inputs.push('b');
    expect(opsIn(await preserved(graph, foldAffine, { ...x(HEADS.gemm), b: row }))).toEqual(['Gemm', 'Mul']);
  });

  it('leaves doubles alone, which it would round', async () => {
    const double = (shape: readonly number[]) =>
      tensor(
        'float64',
        shape,
        Array.from({ length: 12 }, (_, i) => 1 / (i + 3)).slice(
          0,
          shape.reduce((a, b) => a * b, 1),
        ),
      );
    const graph = onnx({
      inputs: { x: typed('float64', -1, 3) },
      constants: { w: double([3, 4]), k: double([4]) },
      nodes: [op('MatMul', ['x', 'w'], 'c'), op('Mul', ['c', 'k'], 'y')],
      outputs: { y: typed('float64', -1, 4) },
    });
    expect(opsIn(await preserved(graph, foldAffine, { x: double([2, 3]) }, 1e-15))).toEqual(['MatMul', 'Mul']);
  });

  it('leaves a product alone that would widen the result', async () => {
    const graph = net(
      HEADS.product,
      [op('Mul', ['c', 'k'], 'y')],
      { k: wave([2, 1, 4], 3) },
      { outputs: { y: float(2, -1, 4) } },
    );
    expect(opsIn(await preserved(graph, foldAffine, x(HEADS.product)))).toEqual(['MatMul', 'Mul']);
  });

  it('leaves factors alone with which weights overflow', async () => {
    const huge = tensor('float32', [4], [1e30, 1, 1, 1]);
    const graph = net(HEADS.product, [op('Mul', ['c', 'k'], 'y')], {
      w: tensor('float32', [5, 4], new Array(20).fill(1e30)),
      k: huge,
    });
    const none = { x: tensor('float32', [3, 5], new Array(15).fill(0)) };
    expect(opsIn(await preserved(graph, foldAffine, none))).toEqual(['MatMul', 'Mul']);
  });
});

const shapes = (head: Head): fc.Arbitrary<readonly number[]> => {
  const whole = [1, ...head.result.slice(1)];
  return fc
    .tuple(fc.array(fc.boolean(), { minLength: whole.length, maxLength: whole.length }), fc.nat(whole.length))
    .map(([ones, from]) => whole.map((size, i) => (ones[i] ? 1 : size)).slice(from));
};

const randomNet = fc.constantFrom<Head>(...Object.values(HEADS)).chain((head) =>
  fc.record({
    head: fc.constant(head),
    batch: fc.nat(3),
    biased: fc.boolean(),
    steps: fc.array(
      fc.record({
        op: fc.constantFrom('Add', 'Sub', 'Mul', 'Div', 'Neg'),
        swap: fc.boolean(),
        shape: fc.oneof(fc.constant(perChannel(head)), shapes(head)),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  }),
);

it('fold-affine keeps the answers of random chains', async () => {
  const property = fc.asyncProperty(randomNet, async ({ head, batch, biased, steps }) => {
    const constants = Object.fromEntries(steps.map(({ shape }, i) => [`k${i}`, wave(shape, i + 5)]));
    const names = ['c', ...steps.slice(1).map((_, i) => `t${i}`), 'y'];
    const tail = steps.map(({ op: name, swap }, i) => {
      const inputs = [names[i] ?? '', `k${i}`];
      return op(name, name === 'Neg' ? inputs.slice(0, 1) : swap ? inputs.toReversed() : inputs, names[i + 1] ?? '');
    });
    const bias = biased && head.op !== 'MatMul';
    const graph = net(head, tail, { ...constants, ...(bias ? { b: wave([4], 4) } : {}) });
    if (bias) graph.nodes[0]?.inputs.push('b');
    await preserved(graph, foldAffine, x(head, batch), 1e-3);
  });
  await fc.assert(property, { numRuns: 80 });
});

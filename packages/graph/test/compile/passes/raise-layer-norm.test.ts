/** Layer normalisation that is spelt out becomes one op. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { removeDead } from '../../../src/compile/passes/dead.ts';
import { raiseLayerNorms } from '../../../src/compile/passes/raise-layer-norm.ts';
import type { OnnxGraph, OnnxNode, ValueType } from '../../../src/onnx-graph.ts';
import { tensor } from '../../support/nodes.ts';
import { float, onnx, op, opsIn, preserved, type Sketch, typed, wave } from './onnx.ts';

const pass = (graph: OnnxGraph): void => {
  raiseLayerNorms(graph);
  removeDead(graph);
};

const X = float(-1, 3, 8);
const fed = { x: wave([2, 3, 8]) };
const CONSTANTS = {
  axes: tensor('int64', [1], [2]),
  epsilon: tensor('float32', [], [1e-3]),
  gamma: wave([1, 1, 8], 2),
  beta: wave([8], 3),
};

const MOMENTS: readonly OnnxNode[] = [
  op('ReduceMean', ['x', 'axes'], 'mean', { keepdims: 1 }),
  op('Sub', ['x', 'mean'], 'd'),
  op('Mul', ['d', 'd'], 'square'),
  op('ReduceMean', ['square', 'axes'], 'variance', { keepdims: 1 }),
  op('Add', ['variance', 'epsilon'], 'sum'),
  op('Sqrt', ['sum'], 'root'),
  op('Reciprocal', ['root'], 'inverse'),
];
const scaled = op('Mul', ['inverse', 'gamma'], 'a');
const negative = op('Neg', ['mean'], 'minus');

function net(tail: readonly OnnxNode[], more: Partial<Sketch> = {}, x: ValueType = X): OnnxGraph {
  return onnx({ inputs: { x }, constants: CONSTANTS, nodes: [...MOMENTS, ...tail], outputs: { y: x }, ...more });
}

const KERAS = [
  scaled,
  negative,
  op('Mul', ['minus', 'a'], 'b'),
  op('Add', ['b', 'beta'], 'c'),
  op('Mul', ['x', 'a'], 'p'),
  op('Add', ['p', 'c'], 'y'),
];

describe('raise-layer-norms', () => {
  it.each<[string, readonly OnnxNode[]]>([
    ['Keras 3 writes it', KERAS],
    [
      'Keras 3 writes it without a shift',
      [scaled, negative, op('Mul', ['minus', 'a'], 'c'), op('Mul', ['x', 'a'], 'p'), op('Add', ['p', 'c'], 'y')],
    ],
    [
      'Keras 3 writes it without a scale',
      [
        negative,
        op('Mul', ['minus', 'inverse'], 'b'),
        op('Add', ['b', 'beta'], 'c'),
        op('Mul', ['x', 'inverse'], 'p'),
        op('Add', ['p', 'c'], 'y'),
      ],
    ],
    [
      'tf.nn.batch_normalization writes it',
      [
        scaled,
        op('Mul', ['x', 'a'], 'p'),
        op('Mul', ['mean', 'a'], 'b'),
        op('Sub', ['beta', 'b'], 'c'),
        op('Add', ['p', 'c'], 'y'),
      ],
    ],
    [
      'with the product negated',
      [
        scaled,
        op('Mul', ['a', 'mean'], 'b'),
        op('Neg', ['b'], 'c'),
        op('Mul', ['a', 'x'], 'p'),
        op('Add', ['c', 'p'], 'y'),
      ],
    ],
    [
      'the formula says it',
      [op('Div', ['d', 'root'], 'n'), op('Mul', ['n', 'gamma'], 'p'), op('Add', ['p', 'beta'], 'y')],
    ],
    [
      'the formula says it, with a reciprocal',
      [op('Mul', ['d', 'inverse'], 'n'), op('Mul', ['gamma', 'n'], 'p'), op('Add', ['beta', 'p'], 'y')],
    ],
    ['the formula says it, scaled first', [scaled, op('Mul', ['d', 'a'], 'p'), op('Add', ['p', 'beta'], 'y')]],
    ['it is without scale and shift', [op('Mul', ['d', 'inverse'], 'y')]],
    ['its difference is computed twice', [op('Sub', ['x', 'mean'], 'd2'), op('Div', ['d2', 'root'], 'y')]],
  ])('makes one op of it as %s', async (_, tail) => {
    expect(opsIn(await preserved(net(tail), pass, fed))).toEqual(['LayerNormalization']);
  });

  it('takes axes that are an attribute', async () => {
    const nodes = net(KERAS).nodes.map((node) =>
      node.op === 'ReduceMean'
        ? { ...node, inputs: node.inputs.slice(0, 1), attrs: { axes: [-1], keepdims: 1 } }
        : node,
    );
    const graph = onnx({ inputs: { x: X }, constants: CONSTANTS, nodes, outputs: { y: X }, opset: 17 });
    expect(opsIn(await preserved(graph, pass, fed))).toEqual(['LayerNormalization']);
  });

  it('keeps moments that something else uses', async () => {
    const graph = net(KERAS, { outputs: { y: X, variance: float(-1, 3, 1) } });
    expect(opsIn(await preserved(graph, pass, fed))).toEqual([
      'ReduceMean',
      'Sub',
      'Mul',
      'ReduceMean',
      'LayerNormalization',
    ]);
  });

  it('leaves the sum with a residual for itself', async () => {
    const graph = net([op('Mul', ['d', 'inverse'], 'n'), op('Add', ['n', 'x'], 'y')]);
    expect(opsIn(await preserved(graph, pass, fed))).toEqual(['LayerNormalization', 'Add']);
  });

  const with_ = (name: string, value: Sketch['constants']): readonly [string, OnnxGraph] => [
    name,
    net(KERAS, { constants: { ...CONSTANTS, ...value } }),
  ];
  const left: readonly (readonly [what: string, graph: OnnxGraph])[] = [
    with_('another axis', { axes: tensor('int64', [1], [1]) }),
    with_('two axes', { axes: tensor('int64', [2], [1, 2]) }),
    with_('a scale that varies along another dimension', { gamma: wave([3, 1], 2) }),
    with_('a scale of more dimensions', { gamma: wave([1, 1, 1, 8], 2) }),
    with_('a shift for each row', { beta: wave([3, 8], 3) }),
    with_('an epsilon for each place', { epsilon: wave([3, 1], 3) }),
    [
      'another factor',
      net([op('Abs', ['x'], 'z'), ...KERAS.slice(0, 4), op('Mul', ['z', 'a'], 'p'), op('Add', ['p', 'c'], 'y')]),
    ],
    [
      'a shift by another product',
      net([
        scaled,
        negative,
        op('Mul', ['minus', 'inverse'], 'b'),
        op('Add', ['b', 'beta'], 'c'),
        op('Mul', ['x', 'a'], 'p'),
        op('Add', ['p', 'c'], 'y'),
      ]),
    ],
    [
      'an older operator set',
      {
        ...net(KERAS),
        opset: 13,
        nodes: net(KERAS).nodes.map((node) =>
          node.op === 'ReduceMean' ? { ...node, inputs: node.inputs.slice(0, 1), attrs: { axes: [2] } } : node,
        ),
      },
    ],
  ];
  it.each(left)('leaves %s alone', async (_, graph) => {
    const before = opsIn(graph);
    const wide = graph.constants.get('gamma')?.shape.length === 4;
    const widened = { ...graph, outputs: wide ? [{ name: 'y', ...float(1, -1, 3, 8) }] : graph.outputs };
    expect(opsIn(await preserved(widened, pass, fed, 1e-4))).toEqual(before);
  });

  it('leaves a scale alone that is fed', async () => {
    const { gamma, ...constants } = CONSTANTS;
    const graph = net(KERAS, { inputs: { x: X, gamma: float(1, 1, 8) }, constants });
    expect(opsIn(await preserved(graph, pass, { ...fed, gamma }))).toEqual(opsIn(graph));
  });

  it('leaves an unknown width alone', async () => {
    const graph = net(KERAS, {}, float(-1, 3, -1));
    expect(opsIn(await preserved(graph, pass, fed))).toEqual(opsIn(graph));
  });

  it('leaves doubles alone', async () => {
    const double = (shape: readonly number[]) =>
      tensor(
        'float64',
        shape,
        Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * i)),
      );
    const constants = {
      axes: CONSTANTS.axes,
      epsilon: tensor('float64', [], [1e-3]),
      gamma: double([8]),
      beta: double([8]),
    };
    const graph = net(KERAS, { constants }, typed('float64', -1, 3, 8));
    expect(opsIn(await preserved(graph, pass, { x: double([2, 3, 8]) }))).toEqual(opsIn(graph));
  });
});

const random = fc.record({
  shape: fc
    .array(fc.nat(3), { minLength: 0, maxLength: 3 })
    .chain((front) => fc.integer({ min: 1, max: 40 }).map((width) => [...front, width])),
  /** Spelt out, what is far from 0 in relation to its spread loses its last digits. */
  places: fc.constantFrom([0, 0], [0, 0.01], [0, 100], [1, 1], [-30, 30], [5, 1]),
  swap: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
  form: fc.constantFrom('keras', 'formula'),
  gamma: fc.constantFrom('none', 'vector', 'number'),
  beta: fc.constantFrom('none', 'vector', 'number'),
});

it('raise-layer-norms keeps the answers for all sizes, of no rows too', async () => {
  const property = fc.asyncProperty(
    random,
    async ({ shape, places: [centre = 0, spread = 0], swap, form, gamma, beta }) => {
      const width = shape.at(-1) ?? 1;
      const sized = (kind: string, seed: number) => wave(kind === 'vector' ? [width] : [], seed);
      const turned = (node: OnnxNode, i: number): OnnxNode =>
        swap[i] && (node.op === 'Add' || node.op === 'Mul') ? { ...node, inputs: node.inputs.toReversed() } : node;
      const a = gamma === 'none' ? 'inverse' : 'a';
      const keras = [
        ...(gamma === 'none' ? [] : [scaled]),
        negative,
        op('Mul', ['minus', a], beta === 'none' ? 'c' : 'b'),
        ...(beta === 'none' ? [] : [op('Add', ['b', 'beta'], 'c')]),
        op('Mul', ['x', a], 'p'),
        op('Add', ['p', 'c'], 'y'),
      ];
      const formula = [
        op('Mul', ['d', 'inverse'], gamma === 'none' && beta === 'none' ? 'y' : 'n'),
        ...(gamma === 'none' ? [] : [op('Mul', ['n', 'gamma'], beta === 'none' ? 'y' : 'p')]),
        ...(beta === 'none' ? [] : [op('Add', [gamma === 'none' ? 'n' : 'p', 'beta'], 'y')]),
      ];
      const type = float(...shape.slice(0, -1).map(() => -1), width);
      const constants = {
        ...CONSTANTS,
        axes: tensor('int64', [1], [shape.length - 1]),
        gamma: sized(gamma, 2),
        beta: sized(beta, 3),
      };
      const graph = net((form === 'keras' ? keras : formula).map(turned), { constants }, type);
      const x = wave(shape);
      const data = Float32Array.from(x.data as Float32Array, (value) => centre + spread * value);
      expect(opsIn(await preserved(graph, pass, { x: { ...x, data } }, 2e-4))).toEqual(['LayerNormalization']);
    },
  );
  await fc.assert(property, { numRuns: 100 });
});

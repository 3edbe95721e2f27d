import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compile/index.ts';
import { type Graph, graphOf, type Node } from '../../src/graph.ts';
import { constant, floats, ints, node, placeholder, tensor } from '../support/nodes.ts';
import { numbersOf, opsOf, runCompiled } from './run.ts';

const F = { T: 'float32' } as const;
const weights = (name: string, shape: readonly number[]): Node => {
  const size = shape.reduce((a, b) => a * b, 1);
  return floats(
    name,
    shape,
    Array.from({ length: size }, (_, i) => ((i * 7) % 11) / 10 - 0.5),
  );
};
const conv = (name: string, input: string, filter: string, padding = 'SAME', stride = 1): Node =>
  node('Conv2D', name, [input, filter], { ...F, strides: [1, stride, stride, 1], padding: { text: padding } });

/** Everything between two convolutions, and the way out. */
function netOf(middle: readonly Node[], last: string, tail: readonly Node[] = []): Graph {
  return graphOf([
    placeholder('x', [-1, 6, 6, 3]),
    weights('w1', [3, 3, 3, 4]),
    conv('c1', 'x', 'w1'),
    weights('w1b', [1, 1, 3, 4]),
    conv('c1b', 'x', 'w1b'),
    ...middle,
    weights('w2', [1, 1, 4, 2]),
    conv('c2', last, 'w2'),
    ints('axes', [1, 2]),
    node('Mean', 'pool', ['c2', 'axes'], { ...F, Tidx: 'int32', keep_dims: false }),
    ...tail,
  ]);
}

const middles: readonly (readonly [what: string, last: string, nodes: readonly Node[]])[] = [
  ['elementwise ops', 'm', [node('Relu6', 'r', ['c1'], F), weights('k', [4]), node('Mul', 'm', ['r', 'k'], F)]],
  ['a residual sum', 'm', [node('Relu', 'r', ['c1'], F), node('AddV2', 'm', ['r', 'c1b'], F)]],
  [
    'a padding',
    'm',
    [
      ints('p', [0, 0, 1, 2, 0, 1, 0, 0].slice()),
      ints('s', [4, 2]),
      node('Reshape', 'pp', ['p', 's'], { T: 'int32' }),
      node('Pad', 'm', ['c1', 'pp'], F),
    ],
  ],
  [
    'a pool',
    'm',
    [node('MaxPool', 'm', ['c1'], { ...F, ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: { text: 'SAME' } })],
  ],
  [
    'a slice of the image',
    'm',
    [ints('b', [0, 1, 1, 0]), ints('z', [-1, 4, 4, 4]), node('Slice', 'm', ['c1', 'b', 'z'], { ...F, Index: 'int32' })],
  ],
  ['a softmax over channels', 'm', [node('Softmax', 'm', ['c1'], F)]],
  [
    'a split and a concatenation of channels',
    'm',
    [
      ints('ax', 3),
      node('Split', 'sp', ['ax', 'c1'], { ...F, num_split: 2 }),
      node('Relu', 'r', ['sp:1'], F),
      node('ConcatV2', 'm', ['r', 'sp', 'ax'], { ...F, N: 2, Tidx: 'int32' }),
    ],
  ],
  [
    'squeeze and excitation',
    'm',
    [
      ints('hw', [1, 2]),
      node('Mean', 'sq', ['c1', 'hw'], { ...F, Tidx: 'int32', keep_dims: false }),
      ints('to', [-1, 1, 1, 4]),
      node('Reshape', 're', ['sq', 'to'], { ...F, Tshape: 'int32' }),
      weights('we', [1, 1, 4, 4]),
      conv('ce', 're', 'we'),
      node('Sigmoid', 'sg', ['ce'], F),
      node('Mul', 'm', ['c1', 'sg'], F),
    ],
  ],
  ['an upsampling', 'm', [ints('size', [12, 12]), node('ResizeNearestNeighbor', 'm', ['c1', 'size'], F)]],
  [
    'a fused batch normalisation after a concatenation',
    'bn',
    [
      ints('ax', 3),
      weights('wc', [1, 1, 8, 4]),
      node('ConcatV2', 'cat', ['c1', 'c1b', 'ax'], { ...F, N: 2, Tidx: 'int32' }),
      floats('g', [8], [1, 2, 3, 4, 5, 6, 7, 8]),
      floats('v', [8], [1, 1, 2, 2, 3, 3, 4, 4]),
      node('FusedBatchNormV3', 'n', ['cat', 'g', 'v', 'g', 'v'], {
        ...F,
        is_training: false,
        epsilon: { float: 0.001 },
      }),
      node('Relu', 'nr', ['n'], F),
      conv('bn', 'nr', 'wc'),
    ],
  ],
];

const data = Array.from({ length: 2 * 6 * 6 * 3 }, (_, i) => Math.sin(i));
const x = tensor('float32', [2, 6, 6, 3], data);
const spec = { name: 'x', dtype: 'float32', shape: [-1, 6, 6, 3] } as const;

describe('transposes', () => {
  it.each(middles)('leaves one, at the entrance, around %s', (_, last, nodes) => {
    const compiled = compile(netOf(nodes, last), [spec], ['pool']);
    expect(opsOf(compiled).filter((op) => op === 'Transpose')).toHaveLength(1);
    expect(compiled.rowIndependent).toEqual({ proved: true, reason: '' });
  });

  it.each(middles)('gives the same answers with %s cut out of its net as within', async (_, last, nodes) => {
    const net = netOf(nodes, last);
    // Fed and fetched in the middle, every part keeps TensorFlow's own layout.
    const [whole, middle] = await runCompiled(compile(net, [spec], ['pool', last]), { 'x:0': x });
    if (middle === undefined) throw new Error('no output');
    const shape = [-1, ...middle.shape.slice(1)];
    const [again] = await runCompiled(compile(net, [{ name: last, dtype: 'float32', shape }], ['pool']), {
      [`${last}:0`]: middle,
    });
    numbersOf(whole).forEach((value, i) => {
      expect(numbersOf(again)[i]).toBeCloseTo(value, 4);
    });
  });

  it('needs a second one where an image is flattened', () => {
    const tail = [ints('flat', [-1, 72]), node('Reshape', 'f', ['c2', 'flat'], { ...F, Tshape: 'int32' })];
    const ops = opsOf(compile(netOf([], 'c1', tail), [spec], ['f']));
    expect(ops.filter((op) => op === 'Transpose')).toHaveLength(2);
  });

  it('has none where the channels come first already', () => {
    const net = graphOf([
      placeholder('x', [-1, 3, 6, 6]),
      weights('w', [3, 3, 3, 4]),
      node('Conv2D', 'c', ['x', 'w'], {
        ...F,
        strides: [1, 1, 2, 2],
        padding: { text: 'SAME' },
        data_format: { text: 'NCHW' },
      }),
      floats('b', [4], [1, 2, 3, 4]),
      node('BiasAdd', 'y', ['c', 'b'], { ...F, data_format: { text: 'NCHW' } }),
    ]);
    expect(opsOf(compile(net, [{ name: 'x', dtype: 'float32', shape: [-1, 3, 6, 6] }], ['y']))).toEqual(['Conv']);
  });
});

describe('folding', () => {
  const affine: readonly (readonly [what: string, nodes: readonly Node[]])[] = [
    ['a bias', [floats('b', [4], [1, 2, 3, 4]), node('BiasAdd', 'y', ['c1', 'b'], F)]],
    [
      'a bias and the batch normalisation that Keras writes as a product and a sum',
      [
        floats('b', [4], [1, 2, 3, 4]),
        node('BiasAdd', 'cb', ['c1', 'b'], F),
        floats('s', [1, 1, 1, 4], [2, 3, 4, 5]),
        node('Mul', 'cm', ['cb', 's'], F),
        node('AddV2', 'y', ['cm', 'b'], F),
      ],
    ],
    [
      'a fused batch normalisation',
      [
        floats('s', [4], [2, 3, 4, 5]),
        node('FusedBatchNormV3', 'y', ['c1', 's', 's', 's', 's'], { ...F, is_training: false }),
      ],
    ],
    [
      'a scalar product and a difference',
      [floats('s', [], [2]), node('Mul', 'cm', ['c1', 's'], F), node('Sub', 'y', ['cm', 's'], F)],
    ],
  ];
  it.each(affine)('takes %s into the convolution', async (_, nodes) => {
    const net = netOf(nodes, 'c1');
    const [image] = await runCompiled(compile(net, [spec], ['c1']), { 'x:0': x });
    if (image === undefined) throw new Error('no output');
    const compiled = compile(net, [spec], ['y']);
    expect(opsOf(compiled)).toEqual(['Transpose', 'Conv', 'Transpose']);
    const [folded] = await runCompiled(compiled, { 'x:0': x });
    const [apart] = await runCompiled(compile(net, [{ name: 'c1', dtype: 'float32', shape: [-1, 6, 6, 4] }], ['y']), {
      'c1:0': image,
    });
    numbersOf(apart).forEach((value, i) => {
      expect(numbersOf(folded)[i]).toBeCloseTo(value, 4);
    });
  });

  it('divides by zero after the convolution, not before it', () => {
    const net = netOf([floats('s', [4], [0, 1, 2, 3]), node('RealDiv', 'y', ['c1', 's'], F)], 'c1');
    expect(opsOf(compile(net, [spec], ['y']))).toContain('Div');
  });

  it('leaves a convolution alone whose own result is fetched', () => {
    const net = netOf([floats('b', [4], [1, 2, 3, 4]), node('BiasAdd', 'y', ['c1', 'b'], F)], 'c1');
    expect(opsOf(compile(net, [spec], ['y', 'c1']))).toContain('Add');
  });

  it('makes one Gemm of a product and its bias', () => {
    const net = graphOf([
      placeholder('x', [-1, 3]),
      constant('w', 'float32', [3, 2], [1, 2, 3, 4, 5, 6]),
      node('MatMul', 'm', ['x', 'w'], F),
      floats('b', [2], [1, 2]),
      node('AddV2', 'y', ['m', 'b'], F),
    ]);
    expect(opsOf(compile(net, [{ name: 'x', dtype: 'float32', shape: [-1, 3] }], ['y']))).toEqual(['Gemm']);
  });

  it('keeps Relu6 a Clip between constants', () => {
    const net = netOf([node('Relu6', 'y', ['c1'], F)], 'c1');
    expect(opsOf(compile(net, [spec], ['y']))).toEqual(['Transpose', 'Conv', 'Clip', 'Transpose']);
  });
});

/** Graphs that contradict themselves: each error names the node and its op. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../src/analysis/index.ts';
import { inferableOps } from '../../src/analysis/shape/index.ts';
import { FloeError } from '../../src/errors.ts';
import type { Node } from '../../src/graph.ts';
import { sizeOf } from '../../src/tensor.ts';
import { type AttrInit, constant, floats, graph, ints, node, placeholder } from '../support/nodes.ts';

const zeros = (name: string, ...shape: readonly number[]): Node => placeholder(name, shape);

function errorOf(nodes: readonly Node[]): FloeError {
  try {
    analyse(graph(...nodes), new Map());
  } catch (error) {
    if (error instanceof FloeError) return error;
    throw error;
  }
  throw new Error('the graph was accepted');
}

describe('contradictions are INVALID_ARGUMENT', () => {
  const image = zeros('x', -1, 28, 28, 3);
  const valid: Readonly<Record<string, AttrInit>> = { strides: [1, 1, 1, 1], padding: { text: 'VALID' } };
  it.each<[string, Node[], Node, string]>([
    [
      'inner dimensions',
      [zeros('a', -1, 3), zeros('b', 4, 5)],
      node('MatMul', 'n', ['a', 'b']),
      'has inner dimensions of 3 and of 4',
    ],
    [
      'broadcasting',
      [zeros('a', 2, 3), zeros('b', 4)],
      node('AddV2', 'n', ['a', 'b']),
      'cannot broadcast [2, 3] with [4]',
    ],
    [
      'dtypes',
      [zeros('a', 2), ints('b', [1, 2])],
      node('Mul', 'n', ['a', 'b']),
      'needs input 1 to be float32 (attribute T), not int32',
    ],
    [
      'a dtype that an attribute denies',
      [zeros('a', 2)],
      node('Neg', 'n', ['a'], { T: 'int32' }),
      'needs input 0 to be int32 (attribute T), not float32',
    ],
    [
      'a dtype that the op never takes',
      [zeros('a', 2)],
      node('LogicalNot', 'n', ['a']),
      'needs input 0 to be bool, not float32',
    ],
    [
      'a dtype that TensorFlow does not allow',
      [ints('a', 2)],
      node('Sigmoid', 'n', ['a'], { T: 'int32' }),
      'has attribute T int32, which TensorFlow does not allow',
    ],
    [
      'an attribute of another kind',
      [image],
      node('MaxPool', 'n', ['x'], { ...valid, ksize: 2 }),
      'has attribute ksize that is no list of ints',
    ],
    [
      'a text that means nothing',
      [image],
      node('MaxPool', 'n', ['x'], { ...valid, ksize: [1, 2, 2, 1], padding: { text: 'FULL' } }),
      'has attribute padding "FULL", not SAME, VALID, EXPLICIT',
    ],
    [
      'a number that is too small',
      [image],
      node('SpaceToDepth', 'n', ['x'], { block_size: 0 }),
      'has attribute block_size 0, which is below 2',
    ],
    [
      'a short list',
      [image],
      node('AvgPool', 'n', ['x'], { ...valid, ksize: [2, 2] }),
      'has attribute ksize with 2 values, fewer than 4',
    ],
    ['too many inputs', [zeros('a', 2)], node('Neg', 'n', ['a', 'a']), 'takes 1 input and has 2'],
    [
      'an axis',
      [zeros('a', 2, 3), ints('i', 2)],
      node('Sum', 'n', ['a', 'i']),
      'has axis 2, which a tensor of rank 2 does not have',
    ],
    [
      'a rank',
      [zeros('a', 2, 3, 4), zeros('b', 4, 5)],
      node('MatMul', 'n', ['a', 'b']),
      'needs input 0 to be of rank 2, not [2, 3, 4]',
    ],
    [
      'channels',
      [image, zeros('k', 3, 3, 4, 8)],
      node('Conv2D', 'n', ['x', 'k'], valid),
      'has 3 channels for a filter that takes 4',
    ],
    [
      'a window',
      [image, zeros('k', 29, 3, 3, 8)],
      node('Conv2D', 'n', ['x', 'k'], valid),
      'has a window of 29 over 28 elements',
    ],
    [
      'strides',
      [image, zeros('k', 3, 3, 3, 8)],
      node('Conv2D', 'n', ['x', 'k'], { ...valid, strides: [1, 0, 1, 1] }),
      'has strides [1, 0, 1, 1]',
    ],
    [
      'a negative size',
      [ints('d', [2, -2]), floats('v', [], [0])],
      node('Fill', 'n', ['d', 'v']),
      'has a negative size in [2, ?]',
    ],
    [
      'a target',
      [zeros('a', 2, 3), ints('t', [4, -1])],
      node('Reshape', 'n', ['a', 't']),
      'cannot bring [2, 3] into multiples of 4 elements',
    ],
    [
      'a squeeze',
      [zeros('a', 2, 3)],
      node('Squeeze', 'n', ['a'], { squeeze_dims: [1] }),
      'cannot squeeze dimension 1 of [2, 3]',
    ],
    ['a missing input', [zeros('a', 2)], node('AddV2', 'n', ['a']), 'takes 2 inputs and has 1'],
    ['too many outputs', [zeros('a', 2)], node('Unpack', 'n', ['a'], { num: 1e9 }), 'has num 1000000000'],
  ])('%s', (_, sources, wrong, message) => {
    const error = errorOf([...sources, wrong]);
    expect(error.message).toBe(`node n (${wrong.op}) ${message}`);
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.details).toMatchObject([{ node: 'n', op: wrong.op }]);
  });

  it('an input that does not exist', () => {
    expect(errorOf([node('Neg', 'n', ['nowhere:2'])])).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'input nowhere:2 of node n (Neg) does not exist',
      details: [{ node: 'n', op: 'Neg', tensor: 'nowhere:2' }],
    });
  });

  it('a cycle, told from its tail', () => {
    const error = errorOf([
      node('Neg', 'tail', ['a']),
      node('Neg', 'a', ['c']),
      node('Neg', 'b', ['a']),
      node('Neg', 'c', ['b']),
    ]);
    expect(error.message).toMatch(/^the graph has a cycle of 3 nodes: /);
    expect(error.details.map(({ node: name }) => name).sort()).toEqual(['a', 'b', 'c']);
  });

  it('a node that is its own input', () => {
    expect(errorOf([node('Neg', 'n', ['n'])]).message).toBe('the graph has a cycle of 1 nodes: n');
  });

  it('but a loop through NextIteration is TensorFlow 1 control flow', () => {
    const nodes = [
      zeros('x', 2),
      node('Enter', 'e', ['x']),
      node('Merge', 'm', ['e', 'next']),
      node('Neg', 'n', ['m']),
      node('NextIteration', 'next', ['n']),
    ];
    expect(analyse(graph(...nodes), new Map()).type('n:0').dtype).toBe('float32');
  });
});

const attrValue: fc.Arbitrary<AttrInit> = fc.oneof(
  fc.boolean(),
  fc.integer({ min: -3, max: 9 }),
  fc.constantFrom<AttrInit>(
    { text: 'SAME' },
    { text: 'NCHW' },
    { text: 'ij,jk->ik' },
    'float32',
    'int32',
    { shape: [-1, 2] },
    { float: 0.5 },
  ),
  fc.array(fc.integer({ min: -2, max: 3 }), { maxLength: 5 }),
);
const attrName = fc.constantFrom(
  ...'T dtype strides padding ksize data_format axis num num_split N keep_dims squeeze_dims DstT equation block_size batch_dims mode dilations'.split(
    ' ',
  ),
);
const someInput = fc.constantFrom('f', 'm', 'i', 'v', 'image', 'l', 's', 'open', 'blind', 'b', 'pads');

describe('any op on any inputs', () => {
  it('is inferred or refused with a FloeError, quickly', () => {
    const sources = [
      placeholder('open', [-1, 3]),
      placeholder('blind', null),
      floats('f', [], [0.5]),
      floats('m', [2, 3], [1, 2, 3, 4, 5, 6]),
      floats('image', [1, 2, 2, 1], [1, 2, 3, 4]),
      ints('i', 1),
      ints('v', [2, -1, 0]),
      ints('pads', [1, 1]),
      constant('l', 'int64', [2], [2n ** 62n, -1n]),
      constant('s', 'string', [2], ['a', 'b']),
      constant('b', 'bool', [2], [1, 0]),
    ];
    const property = fc.property(
      fc.constantFrom(...inferableOps),
      fc.array(someInput, { maxLength: 5 }),
      fc.dictionary(attrName, attrValue, { maxKeys: 6 }),
      (op, inputs, attrs) => {
        const g = graph(...sources, node(op, 'n', inputs, attrs), node('Shape', 'after', ['n']));
        try {
          const facts = analyse(g, new Map());
          const value = facts.constant('n:0');
          if (value === undefined) return;
          expect(facts.type('n:0')).toEqual({ dtype: value.dtype, shape: value.shape });
          expect(value.data.length).toBe(sizeOf(value.shape));
        } catch (error) {
          expect(error).toBeInstanceOf(FloeError);
        }
      },
    );
    fc.assert(property, { numRuns: 10_000 });
  });
});

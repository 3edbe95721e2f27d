import {
  attrOf,
  constNode,
  type Graph,
  graphOf,
  type Node,
  type Signature,
  shapeToProto,
  type Tensor,
} from '@floe/graph';
import { describe, expect, it } from 'vitest';
import { findHead } from '../../../src/train/head/find.ts';
import { layerOf, withLayers } from '../../../src/train/head/weights.ts';

const FLOAT = attrOf({ type: 1 });
const tensor = (shape: readonly number[]): Tensor => {
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, at) => at / 10);
  return { dtype: 'float32', shape, data };
};
const node = (
  op: string,
  name: string,
  input: readonly string[],
  attrs: Record<string, ReturnType<typeof attrOf>> = {},
) => ({ op, name, input, device: '', attr: new Map(Object.entries({ T: FLOAT, ...attrs })) }) satisfies Node;
const flag = (b: boolean) => attrOf({ b });

const x = node('Placeholder', 'x', [], { dtype: FLOAT, shape: attrOf({ shape: shapeToProto([-1, 3]) }) });
const w1 = constNode('w1', tensor([3, 4]));
const b1 = constNode('b1', tensor([4]));
const w2 = constNode('w2', tensor([4, 2]));
const b2 = constNode('b2', tensor([2]));
const hidden = [x, w1, b1, node('MatMul', 'm1', ['x', 'w1']), node('BiasAdd', 'a1', ['m1', 'b1'])];
const relu = node('Relu', 'relu', ['a1']);
const last = [w2, b2, node('MatMul', 'm2', ['relu', 'w2']), node('BiasAdd', 'a2', ['m2', 'b2'])];
const softmax = node('Softmax', 'y', ['a2']);
const plain = graphOf([...hidden, relu, ...last, softmax]);
const replaced = (...nodes: Node[]): Graph =>
  graphOf([...plain.nodes.filter(({ name }) => !nodes.some((one) => one.name === name)), ...nodes]);

const signature: Signature = {
  inputs: { x: { name: 'x:0', dtype: 'float32', shape: [-1, 3] } },
  outputs: { y: { name: 'y:0', dtype: 'float32', shape: [-1, 2] } },
  methodName: '',
};
const names = (graph: Graph, count: 1 | 2) => {
  const { features, layers, hasSoftmax } = findHead(graph, signature, count);
  return [features, hasSoftmax, ...layers.map(({ weights, bias }) => `${weights.name} ${bias?.name}`)];
};

describe('the last dense layers of a graph', () => {
  it('are found behind a softmax', () => {
    expect(names(plain, 1)).toEqual(['relu:0', true, 'w2 b2']);
    expect(names(plain, 2)).toEqual(['x:0', true, 'w1 b1', 'w2 b2']);
  });

  it('are found without a softmax, with a plain sum from either side, and behind identities', () => {
    expect(names(replaced(node('Identity', 'y', ['a2'])), 1)).toEqual(['relu:0', false, 'w2 b2']);
    expect(names(replaced(node('AddV2', 'a2', ['b2', 'm2'])), 1)).toEqual(['relu:0', true, 'w2 b2']);
    const read = replaced(node('MatMul', 'm2', ['relu', 'read']), node('Identity', 'read', ['w2']));
    expect(names(read, 1)).toEqual(['relu:0', true, 'w2 b2']);
  });

  it('are found without a bias', () => {
    expect(names(replaced(node('Softmax', 'y', ['m2'])), 1)).toEqual(['relu:0', true, 'w2 undefined']);
  });

  it('may have their weights turned', () => {
    const turned = replaced(
      constNode('w2', tensor([2, 4])),
      node('MatMul', 'm2', ['relu', 'w2'], { transpose_b: flag(true) }),
    );
    const [layer] = findHead(turned, signature, 1).layers;
    expect(layer).toMatchObject({ inputs: 4, outputs: 2, isTransposed: true });
    expect(layerOf(layer as never).weights).toEqual(tensor([2, 4]).data);
  });

  it('get their weights back as they were given', () => {
    const head = findHead(plain, signature, 2);
    const layers = head.layers.map(layerOf);
    expect(withLayers(plain, head, layers)).toEqual(plain);
    expect(layers[1]?.weights).toEqual(Float32Array.of(0, 0.2, 0.4, 0.6, 0.1, 0.3, 0.5, 0.7).map(Math.fround));
  });

  const missing: [string, Graph, 1 | 2, RegExp][] = [
    ['behind another op', replaced(node('Sigmoid', 'y', ['a2'])), 1, /ends at node y \(Sigmoid\), which is no dense/],
    ['two of them without a relu', replaced(node('Tanh', 'relu', ['a1'])), 2, /relu \(Tanh\), where a Relu/],
    [
      'with weights that are computed',
      replaced(node('MatMul', 'm2', ['relu', 'soft']), node('Softplus', 'soft', ['w2'])),
      1,
      /soft \(Softplus\), where the weights of m2/,
    ],
    [
      'with weights that something else uses',
      replaced(node('Softmax', 'y', ['sum']), node('AddV2', 'sum', ['a2', 'b2'])),
      1,
      /sum|a2/,
    ],
    [
      'with a kernel that is turned',
      replaced(node('MatMul', 'm2', ['relu', 'w2'], { transpose_a: flag(true) })),
      1,
      /m2/,
    ],
  ];
  for (const [what, graph, count, message] of missing) {
    it(`are missed ${what}, by the name of the node`, () =>
      expect(() => findHead(graph, signature, count)).toThrow(message));
  }

  it('are missed where no output is a float', () => {
    const outputs = { y: { name: 'y:0', dtype: 'int64', shape: [-1] } } as const;
    expect(() => findHead(plain, { ...signature, outputs }, 1)).toThrow(/no output of float32/);
  });
});

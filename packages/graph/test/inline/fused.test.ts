import { expect, test } from 'vitest';
import { constNode } from '../../src/constants.ts';
import { attrOf, attrOfList, graphOf, type Node } from '../../src/graph.ts';
import { withoutFused } from '../../src/inline/fused.ts';
import type { AttrValue } from '../../src/proto/tensorflow.ts';
import { numbersOf, runGraph } from '../compile/run.ts';

const FLOAT = attrOf({ type: 1 });

function node(
  name: string,
  op: string,
  input: readonly string[],
  attrs: Readonly<Record<string, AttrValue>> = {},
): Node {
  return { name, op, input, device: '', attr: new Map(Object.entries({ T: FLOAT, ...attrs })) };
}

function ops(...names: string[]): AttrValue {
  return attrOfList({ s: names.map((name) => new TextEncoder().encode(name)) });
}

function apart(...nodes: readonly Node[]): readonly (readonly [string, string, readonly string[]])[] {
  return withoutFused(graphOf(nodes)).nodes.map(({ name, op, input }) => [name, op, input]);
}

test('each part of a fused op becomes a node, the last one under the name of the whole', () => {
  const whole = node('y', '_FusedConv2D', ['x', 'w', 'b', '^before'], { fused_ops: ops('BiasAdd', 'Relu6') });
  expect(apart(whole)).toEqual([
    ['y/Conv2D', 'Conv2D', ['x', 'w', '^before']],
    ['y/BiasAdd', 'BiasAdd', ['y/Conv2D', 'b']],
    ['y', 'Relu6', ['y/BiasAdd']],
  ]);
});

test.each([
  ['_FusedMatMul', 'MatMul', ['BiasAdd'], ['x', 'w', 'b'], 'BiasAdd'],
  ['_FusedMatMul', 'MatMul', ['BiasAdd', 'LeakyRelu'], ['x', 'w', 'b'], 'LeakyRelu'],
  ['FusedDepthwiseConv2dNative', 'DepthwiseConv2dNative', ['BiasAdd', 'Elu'], ['x', 'w', 'b'], 'Elu'],
  ['FusedDepthwiseConv2dNative', 'DepthwiseConv2dNative', ['Relu'], ['x', 'w'], 'Relu'],
  ['_FusedConv2D', 'Conv2D', ['BiasAdd', 'Prelu'], ['x', 'w', 'b', 'alpha'], 'AddV2'],
  ['_FusedConv2D', 'Conv2D', [], ['x', 'w'], 'Conv2D'],
])('%s becomes %s and %j', (op, first, fused, input, last) => {
  const parts = apart(node('y', op, input, { fused_ops: ops(...fused) }));
  expect([parts[0]?.[1], parts.at(-1)?.slice(0, 2)]).toEqual([first, ['y', last]]);
});

test('attributes go where they belong', () => {
  const attrs = {
    fused_ops: ops('BiasAdd', 'LeakyRelu'),
    leakyrelu_alpha: attrOf({ f: 0.5 }),
    data_format: attrOf({ s: new TextEncoder().encode('NCHW') }),
    strides: attrOfList({ i: [1n, 1n, 2n, 2n] }),
    num_args: attrOf({ i: 1n }),
    epsilon: attrOf({ f: 0 }),
  };
  const { nodes } = withoutFused(graphOf([node('y', '_FusedConv2D', ['x', 'w', 'b'], attrs)]));
  expect(nodes.map(({ attr }) => [...attr.keys()].sort())).toEqual([
    ['T', 'data_format', 'strides'],
    ['T', 'data_format'],
    ['T', 'alpha'],
  ]);
  expect(nodes[2]?.attr.get('alpha')?.f).toBe(0.5);
});

test('Prelu multiplies what is below zero', async () => {
  const values = Float32Array.of(-2, -0.5, 0, 3, -Infinity, Infinity, Number.NaN);
  const graph = withoutFused(
    graphOf([
      node('x', 'Placeholder', [], { dtype: FLOAT }),
      constNode('alpha', { dtype: 'float32', shape: [7], data: Float32Array.of(0.5, -4, 9, 9, 0.25, 0.25, 2) }),
      node('y', 'Prelu', ['x', 'alpha']),
    ]),
  );
  const [answer] = await runGraph(graph, { 'x:0': { dtype: 'float32', shape: [1, 7], data: values } }, ['y:0']);
  expect(numbersOf(answer)).toEqual([-1, 2, 0, 3, -Infinity, Infinity, Number.NaN]);
});

test('new names do not collide with those of other nodes', () => {
  const parts = apart(
    node('y/Conv2D', 'Identity', ['x']),
    node('y', '_FusedConv2D', ['y/Conv2D', 'w', 'b'], { fused_ops: ops('BiasAdd') }),
  );
  expect(parts.map(([name]) => name)).toEqual(['y/Conv2D', 'y/Conv2D_1', 'y']);
});

test('what fuses an op that is not known stays whole', () => {
  const whole = node('y', '_FusedConv2D', ['x', 'w', 'b'], { fused_ops: ops('BiasAdd', 'Gargle') });
  expect(apart(whole)).toEqual([['y', '_FusedConv2D', ['x', 'w', 'b']]]);
});

test.each([
  ['_FusedConv2D', ['BiasAdd', 'Relu'], ['x', 'w'], 'node y (_FusedConv2D) takes 3 inputs and has 2'],
  ['_FusedMatMul', [], ['x', 'w', 'b'], 'node y (_FusedMatMul) takes 2 inputs'],
  ['Prelu', [], ['x'], 'node y (Prelu) takes 2 inputs and has 1'],
])('%s with %j of inputs %j is INVALID_ARGUMENT', (op, fused, input, message) => {
  expect(() => apart(node('y', op, input, { fused_ops: ops(...fused) }))).toThrow(message);
});

import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compile/index.ts';
import { FloeError } from '../../src/errors.ts';
import type { Graph, Node } from '../../src/graph.ts';
import { OnnxModel } from '../../src/proto/onnx.ts';
import { constant, floats, graph, ints, node, placeholder, tensor } from '../support/nodes.ts';
import { nodesOf, numbersOf, opsOf, runCompiled, runGraph } from './run.ts';

const F = { T: 'float32' } as const;
const image = (name: string) => ({ name, dtype: 'float32', shape: [-1, 2] }) as const;
const x = tensor('float32', [2, 2], [1, -2, 3, -4]);

/** x -> relu -> double; and a split of x. */
const small = graph(
  placeholder('x', [-1, 2]),
  node('Relu', 'relu', ['x'], F),
  floats('two', [], [2]),
  node('Mul', 'double', ['relu', 'two'], F),
  ints('axis', 1),
  node('Split', 'split', ['axis', 'x'], { ...F, num_split: 2 }),
  node('AddV2', 'sum', ['split:0', 'split:1'], F),
);

function failure(work: () => unknown): FloeError {
  try {
    work();
  } catch (error) {
    if (error instanceof FloeError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('feeds and fetches', () => {
  it('takes x and x:0 for one tensor and answers under canonical names', async () => {
    const compiled = compile(small, [image('x')], ['double']);
    expect(compiled.inputs.map((input) => input.name)).toEqual(['x:0']);
    expect(compiled.outputs).toEqual([{ name: 'double:0', dtype: 'float32', shape: [-1, 2] }]);
    const [output] = await runCompiled(compiled, { 'x:0': x });
    expect(numbersOf(output)).toEqual([2, 0, 6, 0]);
  });

  it('feeds a tensor inside the graph and leaves what is before it alone', async () => {
    const [output] = await runGraph(small, { 'relu:0': x }, ['double']);
    expect(numbersOf(output)).toEqual([2, -4, 6, -8]);
  });

  it('feeds one output of a node and computes the other', async () => {
    const fed = tensor('float32', [2, 1], [10, 20]);
    const [sum, first] = await runGraph(small, { 'x:0': x, 'split:1': fed }, ['sum', 'split:0']);
    expect(numbersOf(sum)).toEqual([11, 23]);
    expect(numbersOf(first)).toEqual([1, 3]);
  });

  it('fetches inputs, constants and the same tensor twice', async () => {
    const compiled = compile(small, [image('x')], ['x', 'two', 'double:0', 'double']);
    expect(compiled.outputs.map((output) => output.name)).toEqual(['x:0', 'two:0', 'double:0']);
    const outputs = await runCompiled(compiled, { 'x:0': x });
    expect(outputs.map(numbersOf)).toEqual([[1, -2, 3, -4], [2], [2, 0, 6, 0]]);
  });

  it('fetches a value under both names of an Identity', async () => {
    const both = graph(
      placeholder('x', [-1, 2]),
      node('Relu', 'relu', ['x'], F),
      node('Identity', 'y', ['relu'], F),
      node('Identity', 'z', ['x'], F),
    );
    const outputs = await runGraph(both, { 'x:0': x }, ['relu', 'y', 'z']);
    expect(outputs.map(numbersOf)).toEqual([
      [1, 0, 3, 0],
      [1, 0, 3, 0],
      [1, -2, 3, -4],
    ]);
  });

  it('names the unknown first dimension the same in inputs and outputs', () => {
    const model = OnnxModel.decode(compile(small, [image('x')], ['double']).model, 'model');
    const dims = [...(model.graph?.input ?? []), ...(model.graph?.output ?? [])].map(
      (value) => value.type?.tensor_type?.shape?.dim[0]?.dim_param,
    );
    expect(dims).toEqual(['batch', 'batch']);
  });

  it('broadcasts one input over another although both have an unknown first dimension', async () => {
    const add = graph(placeholder('a', [-1, 1]), placeholder('b', [-1, 2]), node('AddV2', 'y', ['a', 'b'], F));
    const [output] = await runGraph(
      add,
      { 'a:0': tensor('float32', [2, 1], [1, 2]), 'b:0': tensor('float32', [1, 2], [10, 20]) },
      ['y'],
    );
    expect(numbersOf(output)).toEqual([11, 21, 12, 22]);
  });
});

describe('errors', () => {
  it('lists every node that cannot be compiled, at once', () => {
    const odd = graph(
      placeholder('x', [-1, 2]),
      node('Spence', 'a', ['x'], F),
      node('Spence', 'b', ['a'], F),
      node('Dawsn', 'c', ['b'], F),
      node('Relu', 'd', ['c'], F),
    );
    const error = failure(() => compile(odd, [image('x')], ['d']));
    expect(error.code).toBe('UNIMPLEMENTED');
    expect(error.message).toContain('Spence: 2 nodes (a, b)');
    expect(error.message).toContain('Dawsn: 1 node (c)');
    expect(error.details.map((detail) => [detail.node, detail.op, detail.reason])).toEqual([
      ['a', 'Spence', 'this op is not supported'],
      ['b', 'Spence', 'this op is not supported'],
      ['c', 'Dawsn', 'this op is not supported'],
    ]);
  });

  it('says what to do about pictures and records that are decoded at the entrance', () => {
    const nodes = [
      placeholder('contents', [], 'string'),
      node('DecodeJpeg', 'image', ['contents'], { channels: 3 }),
      node('Cast', 'y', ['image'], { SrcT: 'uint8', DstT: 'float32' }),
    ];
    const feeds = [{ name: 'contents', dtype: 'string', shape: [] }] as const;
    expect(() => compile(graph(...nodes), feeds, ['y'])).toThrow(
      /DecodeJpeg \(.*feed what it gives.*--inputs\).*\(image\)/,
    );
    expect(() =>
      compile(graph(...nodes), [{ name: 'image', dtype: 'uint8', shape: [-1, -1, 3] }], ['y']),
    ).not.toThrow();
  });

  it('says what no TensorFlow has, and blames nothing behind it for what is not known', () => {
    const custom = graph(placeholder('x', [-1, 2]), node('MyOwnOp', 'a', ['x']), node('Neg', 'b', ['a'], F));
    const error = failure(() => compile(custom, [image('x')], ['b']));
    const reason = 'this is a custom op: TensorFlow itself does not have it';
    expect(error).toMatchObject({ code: 'UNIMPLEMENTED', details: [{ node: 'a', op: 'MyOwnOp', reason }] });
  });

  it('does not take a feed of another dtype than the graph states', () => {
    const float = graph(placeholder('x', [-1, 2]), node('Neg', 'y', ['x'], F));
    const error = failure(() => compile(float, [{ name: 'x', dtype: 'int32', shape: [-1, 2] }], ['y']));
    expect(error).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'x:0 is float32 and cannot be fed with int32',
      details: [{ tensor: 'x:0', node: 'x' }],
    });
  });

  it('says why a supported op is refused here', () => {
    const double = graph(
      placeholder('x', [-1, 4, 4, 1], 'float64'),
      constant('w', 'float64', [1, 1, 1, 1], [1]),
      node('Conv2D', 'conv', ['x', 'w'], { T: 'float64', strides: [1, 1, 1, 1], padding: { text: 'SAME' } }),
    );
    const error = failure(() => compile(double, [{ name: 'x', dtype: 'float64', shape: [-1, 4, 4, 1] }], ['conv']));
    expect(error).toMatchObject({ code: 'UNIMPLEMENTED', details: [{ node: 'conv', op: 'Conv2D' }] });
    expect(error.details[0]?.reason).toContain('float64');
  });

  it('refuses dtypes that the engine does not compute in', () => {
    const half = graph(
      placeholder('x', [-1, 2]),
      node('Cast', 'c', ['x'], { SrcT: 'float32', DstT: 'bfloat16' }),
      node('Relu', 'h', ['c'], { T: 'bfloat16' }),
    );
    const error = failure(() => compile(half, [image('x')], ['h']));
    expect(error).toMatchObject({ code: 'UNIMPLEMENTED', details: [{ node: 'h', op: 'Relu' }] });
  });

  const broken: readonly (readonly [what: string, graph: Graph])[] = [
    ['a missing attribute', graph(placeholder('x', [-1, 2]), node('LRN', 'bad', []))],
    ['a missing input', graph(placeholder('x', [-1, 2]), node('Relu', 'bad', [], F))],
    ['an axis out of range', graph(placeholder('x', [-1, 2]), ints('a', 5), node('Sum', 'bad', ['x', 'a'], F))],
  ];
  it.each(broken)('names node and op for %s', (_, bad) => {
    const error = failure(() => compile(bad, [image('x')], ['bad']));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toMatch(/bad \(/);
  });

  it('refuses a placeholder that is needed and not fed, an unknown tensor, a tensor fed twice and an operator set out of range', () => {
    expect(failure(() => compile(small, [], ['double'])).message).toContain('x');
    expect(failure(() => compile(small, [image('x')], ['nothing'])).code).toBe('INVALID_ARGUMENT');
    expect(failure(() => compile(small, [image('x'), image('x:0')], ['double'])).code).toBe('INVALID_ARGUMENT');
    expect(failure(() => compile(small, [image('x')], ['double'], { opset: 12 })).code).toBe('INVALID_ARGUMENT');
  });
});

describe('size', () => {
  it('compiles a chain of 20,000 nodes without recursion', () => {
    const nodes: Node[] = [placeholder('n0', [-1, 2])];
    for (let i = 1; i <= 20_000; i++) nodes.push(node('Sin', `n${i}`, [`n${i - 1}`], F));
    const compiled = compile(graph(...nodes), [image('n0')], ['n20000']);
    expect(opsOf(compiled)).toHaveLength(20_000);
  });

  it('names the many nodes that one becomes, and its many outputs', () => {
    const count = 20_000;
    const parts = Array.from({ length: count }, (_, i) => `parts:${i}`);
    const nodes = [
      placeholder('x', [-1, count]),
      ints('axis', 1),
      node('Split', 'parts', ['axis', 'x'], { ...F, num_split: count }),
      node('AddN', 'sum', parts, { ...F, N: count }),
    ];
    const names = nodesOf(compile(graph(...nodes), [{ name: 'x', dtype: 'float32', shape: [-1, count] }], ['sum']));
    expect(new Set(names.map(({ name }) => name)).size).toBe(names.length);
    expect(names[0]?.output).toHaveLength(count);
  });

  it.each([13, 15, 18, 21, 23])('runs with operator set %i', async (opset) => {
    const nodes = [
      ...small.nodes,
      ints('axes', [1]),
      node('Mean', 'mean', ['double', 'axes'], { ...F, keep_dims: true }),
    ];
    const [output] = await runGraph(graph(...nodes), { 'x:0': x }, ['mean'], { opset });
    expect(numbersOf(output)).toEqual([1, 3]);
  });
});

describe('integers', () => {
  const division = (op: string) =>
    graph(placeholder('a', [-1], 'int32'), placeholder('b', [-1], 'int32'), node(op, 'y', ['a', 'b'], { T: 'int32' }));
  const rows: readonly (readonly [op: string, a: number[], b: number[], y: number[]])[] = [
    ['FloorDiv', [7, -7, 7, -7], [2, 2, -2, -2], [3, -4, -4, 3]],
    ['FloorMod', [7, -7, 7, -7], [2, 2, -2, -2], [1, 1, -1, -1]],
    ['TruncateDiv', [7, -7, 7, -7], [2, 2, -2, -2], [3, -3, -3, 3]],
    ['TruncateMod', [7, -7, 7, -7], [2, 2, -2, -2], [1, -1, 1, -1]],
    ['FloorDiv', [-2147483648, 5], [-1, -1], [-2147483648, -5]],
  ];
  it.each(rows)('%s rounds as TensorFlow does', async (op, a, b, y) => {
    const [output] = await runGraph(
      division(op),
      { 'a:0': tensor('int32', [a.length], a), 'b:0': tensor('int32', [b.length], b) },
      ['y'],
    );
    expect(numbersOf(output)).toEqual(y);
  });

  it.each(['int32', 'int64', 'uint8'] as const)('reports a division of %s by zero, as TensorFlow does', async (T) => {
    const divide = graph(
      placeholder('a', [-1], T),
      placeholder('b', [-1], T),
      node('FloorDiv', 'y', ['a', 'b'], { T }),
    );
    const run = runGraph(divide, { 'a:0': tensor(T, [2], [8, 9]), 'b:0': tensor(T, [2], [2, 0]) }, ['y']);
    await expect(run).rejects.toThrow('Gather');
  });
});

describe('products', () => {
  it('of a quantised layer are as wide as it says', async () => {
    const layer = graph(
      node('Placeholder', 'x', [], { dtype: 'int8' }),
      constant('w', 'int8', [2, 1], [100, 127]),
      node('BatchMatMulV3', 'y', ['x', 'w'], { Ta: 'int8', Tb: 'int8', Tout: 'int32' }),
    );
    const [output] = await runGraph(layer, { 'x:0': tensor('int8', [2, 2], [127, 127, -128, 1]) }, ['y']);
    expect(output).toEqual(tensor('int32', [2, 1], [28829, -12673]));
  });
});

describe('counts', () => {
  it('of ragged rows have one row each, an empty one too', async () => {
    const counting = graph(
      node('Placeholder', 'splits', [], { dtype: 'int64' }),
      node('Placeholder', 'values', [], { dtype: 'int64' }),
      constant('size', 'int64', [], [3]),
      constant('weights', 'float32', [0], []),
      node('RaggedBincount', 'y', ['splits', 'values', 'size', 'weights'], { T: 'float32', Tidx: 'int64' }),
    );
    const feeds = {
      'splits:0': tensor('int64', [4], [0, 2, 2, 5]),
      'values:0': tensor('int64', [5], [1, 1, 0, 2, 7]),
    };
    const [output] = await runGraph(counting, feeds, ['y']);
    expect(output).toEqual(tensor('float32', [3, 3], [0, 2, 0, 0, 0, 0, 1, 0, 1]));
  });
});

describe('a permutation', () => {
  it('may be known only when it runs', async () => {
    const turned = graph(
      placeholder('x', [-1, 2, 3]),
      node('Placeholder', 'perm', [], { dtype: 'int32' }),
      node('Transpose', 'y', ['x', 'perm'], F),
    );
    const feeds = {
      'x:0': tensor('float32', [1, 2, 3], [1, 2, 3, 4, 5, 6]),
      'perm:0': tensor('int32', [3], [2, 0, 1]),
    };
    const specs = [
      { name: 'x:0', dtype: 'float32', shape: [-1, 2, 3] },
      { name: 'perm:0', dtype: 'int32', shape: [3] },
    ] as const;
    const [output] = await runCompiled(compile(turned, specs, ['y']), feeds);
    expect(output).toEqual(tensor('float32', [3, 1, 2], [1, 4, 2, 5, 3, 6]));
  });
});

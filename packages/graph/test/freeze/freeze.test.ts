import { expect, test } from 'vitest';
import { constValue, shapeToProto } from '../../src/constants.ts';
import { freeze } from '../../src/freeze.ts';
import { attrOfList, type Graph } from '../../src/graph.ts';
import { frozenSource, readFrozenGraph } from '../../src/read/frozen-graph.ts';
import { readSource } from '../../src/read/index.ts';
import { frozenChunks } from '../../src/write/pb.ts';
import { describeTensor, expectedTensors, golden } from '../read/golden.ts';
import { constant, floats, node, placeholder, tensor } from '../support/nodes.ts';
import { call, fnDef, sourceOf } from './sources.ts';

const T = { T: 'float32' } as const;
const ops = (graph: Graph) => Object.fromEntries(graph.nodes.map(({ name, op }) => [name, op]));
const inputs = (graph: Graph, name: string) => graph.byName.get(name)?.input;

test('a checkpoint frozen by output names has constants that are equal bit by bit', async () => {
  const source = await readSource(golden('checkpoint/model-17.meta'));
  const { graph, signatures } = await freeze(source, { outputs: ['probs', 'klass:0'], set: { keep_prob: '1' } });
  const expected = expectedTensors('checkpoint');
  const odd = constValue(graph.byName.get('odd') ?? node('', ''));
  expect(describeTensor(odd)).toEqual(expected['renamed']);
  const parts = [0, 1, 2].map(
    (i) => describeTensor(constValue(graph.byName.get(`part/w/part_${i}`) ?? node('', ''))).data,
  );
  expect(parts.join('')).toBe(expected['part/w']?.data);
  expect(Object.keys(signatures['serving_default']?.inputs ?? {})).toEqual(['x']);
  expect(Object.keys(signatures['serving_default']?.outputs ?? {})).toEqual(['probs', 'klass']);
  const left = Object.values(ops(graph)).filter((op) =>
    /Variable|VarHandle|Assign|Save|Restore|Assert|Momentum/.test(op),
  );
  expect(left).toEqual([]);
  expect(graph.nodes.flatMap(({ input }) => input).filter((input) => input.startsWith('^'))).toEqual([]);
});

test('a SavedModel frozen by signature has its functions inlined under the names that TensorFlow gives them', async () => {
  const { graph } = await freeze(await readSource(golden('nested')));
  expect(ops(graph)).toMatchObject({
    w: 'Const',
    StatefulPartitionedCall: 'IdentityN',
    'StatefulPartitionedCall/StatefulPartitionedCall/while': 'While',
    'StatefulPartitionedCall/StatefulPartitionedCall/StatefulPartitionedCall/TopKV2': 'TopKV2',
  });
  expect([...graph.functions.values()].flatMap((fn) => fn.node_def.map(({ op }) => op))).not.toContain(
    'ReadVariableOp',
  );
});

test('what is frozen is read back with its signatures and metadata, and freezes to the same bytes', async () => {
  const frozen = await freeze(await readSource(golden('nested')));
  const bytes = Buffer.concat(frozenChunks(frozen));
  const again = frozenSource(bytes, 'frozen.pb');
  expect(again.signatures).toEqual(frozen.signatures);
  expect(again.checkpoint).toEqual(frozen.checkpoint);
  expect(again.graph.byName.has('floe/metadata')).toBe(false);
  expect(readFrozenGraph(bytes, 'frozen.pb').nodes).toEqual(again.graph.nodes);
  expect(Buffer.concat(frozenChunks(await freeze(again)))).toEqual(bytes);
});

test('what an input pipeline hands on can be fed, and the pipeline is gone', async () => {
  const shapes = attrOfList({ shape: [shapeToProto([-1, 3]), shapeToProto([-1])] });
  const next = node('IteratorGetNext', 'next', ['iterator'], { output_types: { dtypes: ['float32', 'int64'] } });
  const nodes = [
    node('OneShotIterator', 'iterator'),
    { ...next, attr: new Map(next.attr).set('output_shapes', shapes) },
    node('Relu', 'y', ['next'], T),
  ];
  const { graph, signatures } = await freeze(sourceOf(nodes), { outputs: ['y'], inputs: ['next'] });
  expect(ops(graph)).toEqual({ next: 'Placeholder', y: 'Relu' });
  const input = { name: 'next:0', dtype: 'float32', shape: [-1, 3] };
  expect(signatures['serving_default']?.inputs).toEqual({ next: input });
});

test('a placeholder that only training needs is gone; one that the outputs need has to be set or named', async () => {
  const nodes = [
    placeholder('x', [2]),
    placeholder('rate', []),
    placeholder('unused', []),
    node('Mul', 'y', ['x', 'rate'], T),
  ];
  const named = await freeze(sourceOf(nodes), { outputs: ['y'] });
  expect(Object.keys(named.signatures['serving_default']?.inputs ?? {})).toEqual(['x', 'rate']);
  await expect(freeze(sourceOf(nodes), { outputs: ['y'], inputs: ['x'] })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringMatching(/need rate.*--set rate=.*--inputs/),
    details: [expect.objectContaining({ node: 'rate' })],
  });
  const set = await freeze(sourceOf(nodes), { outputs: ['y'], set: { rate: '0.5' } });
  expect(ops(set.graph)).toEqual({ x: 'Placeholder', rate: 'Const', y: 'Mul' });
});

test.each([
  ['float32', '0.5', [0.5], []],
  ['float32', [1, 2], [1, 2], [2]],
  ['int64', '9007199254740993', [9007199254740993n], []],
  ['bool', 'True', [1], []],
  ['float16', 1, [0x3c00], []],
  ['bfloat16', 1, [0x3f80], []],
] as const)('a placeholder of %s is set to %j', async (dtype, value, data, shape) => {
  const nodes = [placeholder('p', null, dtype), node('Identity', 'y', ['p'], { T: dtype })];
  const { graph } = await freeze(sourceOf(nodes), { outputs: ['y'], set: { p: value } });
  const got = constValue(graph.byName.get('p') ?? node('', ''));
  expect({ ...got, data: [...got.data] }).toEqual({ dtype, shape, data });
});

test.each([
  ['int32', '1.5'],
  ['int8', 200],
  ['bool', 'maybe'],
  ['float32', '[[1, 2], [3]]'],
  ['float32', true],
] as const)('a placeholder of %s cannot be set to %j', async (dtype, value) => {
  const nodes = [placeholder('p', null, dtype), node('Identity', 'y', ['p'], { T: dtype })];
  await expect(freeze(sourceOf(nodes), { outputs: ['y'], set: { p: value } })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  });
});

test('an inner tensor that is named as an input becomes a placeholder, and what came before it is gone', async () => {
  const nodes = [placeholder('x', [4]), node('Relu', 'h', ['x'], T), node('Abs', 'y', ['h:0'], T)];
  const { graph, signatures } = await freeze(sourceOf(nodes), { outputs: ['y'], inputs: ['h'] });
  expect(ops(graph)).toEqual({ h: 'Placeholder', y: 'Abs' });
  expect(signatures['serving_default']?.inputs).toEqual({ h: { name: 'h:0', dtype: 'float32', shape: null } });
});

test('variables of both kinds become constants under their names, and so do the reads of them', async () => {
  const w = tensor('float32', [2, 2], [1, 2, 3, 4]);
  const nodes = [
    placeholder('i', [1], 'int32'),
    node('VariableV2', 'a', [], { dtype: 'float32', shape: { shape: [2, 2] } }),
    node('VarHandleOp', 'b', [], { dtype: 'float32', shape: { shape: [2, 2] } }),
    node('RefIdentity', 'a/read', ['a'], { T: 'float32' }),
    node('ReadVariableOp', 'b/read', ['b'], { dtype: 'float32' }),
    node('ResourceGather', 'g', ['b', 'i'], { dtype: 'float32', Tindices: 'int32' }),
    node('VariableShape', 's', ['b'], { out_type: 'int32' }),
    node('Add', 'y', ['a/read', 'b/read'], T),
  ];
  const { graph } = await freeze(sourceOf(nodes, { a: w, b: w }), { outputs: ['y', 'g', 's'] });
  expect(ops(graph)).toEqual({
    i: 'Placeholder',
    a: 'Const',
    b: 'Const',
    'a/read': 'Identity',
    'b/read': 'Identity',
    'g/axis': 'Const',
    g: 'GatherV2',
    s: 'Shape',
    y: 'Add',
  });
  expect(inputs(graph, 'g')).toEqual(['b', 'i', 'g/axis']);
});

test('all that cannot be frozen is named in one error', async () => {
  const nodes = [
    node('VariableV2', 'a', [], { dtype: 'float32' }),
    node('VarHandleOp', 'b', [], { dtype: 'float32' }),
    floats('one', [], [1]),
    node('AssignAdd', 'count', ['a', 'one'], T),
    node('ConsumeHandle', 'odd', ['b']),
    node('PyFunc', 'py', [], { Tout: { dtypes: ['float32'] } }),
    node('AddN', 'y', ['count', 'odd', 'py'], { ...T, N: 3 }),
  ];
  const values = { a: tensor('float32', [], [1]), b: tensor('float32', [], [1]) };
  await expect(freeze(sourceOf(nodes, values), { outputs: ['y'] })).rejects.toMatchObject({
    code: 'UNIMPLEMENTED',
    details: ['count', 'odd', 'py'].map((name) => expect.objectContaining({ node: name })),
  });
});

test('variables without a value are named', async () => {
  const nodes = [
    node('VarHandleOp', 'w', [], { dtype: 'float32' }),
    node('ReadVariableOp', 'y', ['w'], { dtype: 'float32' }),
  ];
  await expect(freeze(sourceOf(nodes), { outputs: ['y'] })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    details: [{ node: 'w', op: 'VarHandleOp' }],
  });
});

test('control edges go, but for those that place a node in a branch', async () => {
  const nodes = [
    placeholder('x', []),
    placeholder('p', [], 'bool'),
    node('Assert', 'check', ['p', 'x']),
    node('Switch', 'switch', ['p', 'p'], { T: 'bool' }),
    node('Identity', 'yes', ['switch:1'], { T: 'bool' }),
    node('Switch', 'no', ['x', 'p'], T),
    node('Assert', 'inside', ['yes', 'x', '^yes']),
    { ...floats('two', [], [2]), input: ['^inside'] },
    node('Merge', 'merge', ['no', 'two'], { ...T, N: 2 }),
    node('Identity', 'y', ['merge', '^check'], T),
  ];
  const { graph } = await freeze(sourceOf(nodes), { outputs: ['y'] });
  expect(inputs(graph, 'two')).toEqual(['^yes']);
  expect(inputs(graph, 'y')).toEqual(['merge']);
  expect(Object.values(ops(graph))).not.toContain('Assert');
});

test('calls are inlined: names are nested, results keep their numbers, the call stays as an identity', async () => {
  const inner = fnDef(
    'inner',
    { a: 1 },
    [
      constant('axis', 'int32', [], [0]),
      node('Split', 'split', ['axis:output:0', 'a'], { T: 'float32', num_split: 2 }),
    ],
    {
      right: 'split:output:1',
      same: 'a',
    },
  );
  const outer = fnDef('outer', { a: 1 }, [call('again', 'inner', ['a'])], { right: 'again:output:0' });
  const nodes = [placeholder('x', [4]), call('one', 'inner', ['x'], 2), call('two', 'outer', ['one:1'])];
  const { graph } = await freeze(sourceOf(nodes, {}, [inner, outer]), { outputs: ['two', 'one:1'] });
  expect(graph.nodes.map(({ name, op, input }) => [name, op, ...input])).toEqual([
    ['x', 'Placeholder'],
    ['one/axis', 'Const'],
    ['one/split', 'Split', 'one/axis', 'x'],
    ['one', 'IdentityN', 'one/split:1', 'x'],
    ['two/again/axis', 'Const'],
    ['two/again/split', 'Split', 'two/again/axis', 'one:1'],
    ['two/again', 'IdentityN', 'two/again/split:1', 'one:1'],
    ['two', 'Identity', 'two/again'],
  ]);
  expect(graph.functions.size).toBe(0);
});

test.each([
  [
    'a function that calls itself',
    [fnDef('f', { a: 1 }, [call('c', 'f', ['a'])], { r: 'c:output:0' })],
    'INVALID_ARGUMENT',
    /calls itself/,
  ],
  ['a function that does not exist', [], 'NOT_FOUND', /function f does not exist/],
  [
    'a function with another number of arguments',
    [fnDef('f', {}, [], {})],
    'INVALID_ARGUMENT',
    /takes 0 tensors and is given 1/,
  ],
  [
    'a function that returns what it does not have',
    [fnDef('f', { a: 1 }, [], { r: 'b:output:0' })],
    'INVALID_ARGUMENT',
    /b:output:0 does not exist/,
  ],
])('%s is a typed error that names the call', async (_, functions, code, message) => {
  const source = sourceOf([placeholder('x', []), call('c', 'f', ['x'])], {}, functions);
  await expect(freeze(source, { outputs: ['c'] })).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  });
});

test('functions that call each other twice run into a limit instead of filling the memory', async () => {
  const functions = Array.from({ length: 60 }, (_, i) =>
    fnDef(`f${i}`, { a: 1 }, [call('l', `f${i + 1}`, ['a']), call('r', `f${i + 1}`, ['l:output:0'])], {
      r: 'r:output:0',
    }),
  );
  functions.push(fnDef('f60', { a: 1 }, [], { r: 'a' }));
  const source = sourceOf([placeholder('x', []), call('c', 'f0', ['x'])], {}, functions);
  await expect(freeze(source, { outputs: ['c'] })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
});

test.each([
  ['a cycle', [node('Relu', 'a', ['b'], T), node('Relu', 'b', ['a'], T)], ['a'], /cycle/],
  ['an input that does not exist', [node('Relu', 'a', ['gone'], T)], ['a'], /gone of a/],
])('%s is an error that names the nodes', async (_, nodes, outputs, message) => {
  await expect(freeze(sourceOf(nodes), { outputs })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringMatching(message),
  });
});

test('a chain of 100,000 nodes does not overflow the stack', async () => {
  const chain = Array.from({ length: 100_000 }, (_, i) => node('Relu', `n${i}`, [i === 0 ? 'x' : `n${i - 1}`], T));
  const { graph } = await freeze(sourceOf([...chain.reverse(), placeholder('x', [])]), { outputs: ['n99999'] });
  expect(graph.nodes.length).toBe(100_001);
});

test('a model without signatures says what its graph ends in', async () => {
  await expect(freeze(sourceOf([placeholder('x', []), node('Relu', 'answer', ['x'], T)]))).rejects.toThrow(
    /ends in answer/,
  );
});

test.each([
  [{ outputs: ['probz'] }, /there is no node probz; near: probs/],
  [{ outputs: ['probs:3'] }, /has 1 outputs/],
  [{ signatures: ['serve'] }, /no signature serve/],
])('%j is refused with a hint', async (options, message) => {
  const source = sourceOf([placeholder('x', []), node('Softmax', 'probs', ['x'], T)]);
  await expect(freeze(source, options)).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringMatching(message),
  });
});

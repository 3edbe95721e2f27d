import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { constValue } from '../../src/constants.ts';
import { freeze } from '../../src/freeze.ts';
import { readSource } from '../../src/read/index.ts';
import { readTfjsModel } from '../../src/read/tfjs-model.ts';
import { numbersOf, runGraph } from '../compile/run.ts';
import { describeTensor, expectedTensors, golden, memoryFiles } from './golden.ts';
import { changedModel, modelOf, type Place } from './tfjs-fixture.ts';

test('the converter’s model has its signature, its weights and what it says of itself', async () => {
  const source = await readSource(golden('tfjs/loop'));
  expect(source.signatures).toEqual({
    serving_default: {
      methodName: 'tensorflow/serving/predict',
      inputs: { n: { name: 'n:0', dtype: 'int32', shape: [] }, x: { name: 'x:0', dtype: 'float32', shape: [-1, 4] } },
      outputs: { y: { name: 'Identity:0', dtype: 'float32', shape: [-1, 3] } },
    },
  });
  expect(source.checkpoint).toMatchObject({
    format: 'tfjs',
    globalStep: null,
    producers: {
      tensorflow: expect.stringMatching(/^2\./),
      convertedBy: 'TensorFlow.js Converter v4.22.0',
      graphProducer: expect.any(Number),
    },
  });
  expect(Object.keys(source.checkpoint.digests)).toHaveLength(10);
});

test('weights lie over several small files, also those of functions, and the model answers as TensorFlow does', async () => {
  const { x, y } = JSON.parse(readFileSync(golden('tfjs/loop/expected.json'), 'utf8'));
  const { graph } = await freeze(await readSource(golden('tfjs/loop/model.json')));
  for (const [turns, wanted] of [
    [0, y[0]],
    [3, y[1]],
  ] as const) {
    const feeds = {
      'x:0': { dtype: 'float32', shape: [2, 4], data: Float32Array.from(x as number[]) },
      'n:0': { dtype: 'int32', shape: [], data: Int32Array.of(turns) },
    } as const;
    const [answer] = await runGraph(graph, feeds, ['Identity:0']);
    for (const [i, value] of numbersOf(answer).entries()) expect(value).toBeCloseTo(wanted[i], 5);
  }
});

const STEPS: Readonly<Record<string, number>> = { eight: 0.0152, sixteen: 0.1, half: 0.03, counts: 8 };

test('every kind of weight is what it was before it was stored', async () => {
  const { graph } = await readSource(golden('tfjs/weights'));
  for (const [name, wanted] of Object.entries(expectedTensors('tfjs/weights'))) {
    const node = graph.byName.get(`PartitionedCall/${name}`);
    const tensor = constValue(node as NonNullable<typeof node>);
    expect([name, tensor.dtype, tensor.shape]).toEqual([name, wanted.dtype, wanted.shape]);
    const step = STEPS[name];
    if (step === undefined) expect(describeTensor(tensor), name).toEqual(wanted);
    else {
      const bytes = new Uint8Array(Buffer.from(wanted.data as string, 'hex')).buffer;
      const before = wanted.dtype === 'int32' ? new Int32Array(bytes) : new Float32Array(bytes);
      for (const [i, value] of before.entries())
        expect(value === tensor.data[i] || Math.abs(value - Number(tensor.data[i])) <= step, `${name}[${i}]`).toBe(
          true,
        );
    }
  }
});

// By hand, from the formula in tfjs-core's io_utils.ts: float32(q * scale + min) and Math.round(q * scale + min).
test.each([
  ['float32', { dtype: 'uint8', scale: 0.1, min: -1 }, [0, 1, 3, 255], [-1, -0.9, Math.fround(3 * 0.1 - 1), 24.5]],
  ['float32', { dtype: 'uint16', scale: 0.5, min: 0.25 }, [1, 0, 0, 255], [0.75, 32640.25]],
  ['int32', { dtype: 'uint8', scale: 0.5, min: -1 }, [0, 1, 2, 3, 4], [-1, -0, 0, 1, 1]],
  [
    'float32',
    { dtype: 'float16' },
    [0, 0x3c, 1, 0, 0, 0x80, 0, 0x7c, 1, 0x7c, 0xff, 0xfb],
    [1, 2 ** -24, -0, Infinity, NaN, -65504],
  ],
] as const)('a weight of %s stored as %j', async (dtype, quantization, bytes, values) => {
  const files = modelOf({ weight: { dtype, shape: [values.length], quantization }, bytes });
  const { graph } = await readTfjsModel(memoryFiles(files), 'model.json');
  const node = graph.byName.get('w');
  const array = dtype === 'int32' ? Int32Array : Float32Array;
  expect(constValue(node as NonNullable<typeof node>).data).toEqual(array.from(values));
});

test.each([
  [9, 'int32', [255, 255, 255, 255], BigInt64Array.of(-1n)],
  [2, 'float32', [0, 0, 0, 63], Float64Array.of(0.5)],
  [19, 'float32', [0, 0, 0, 63], Uint16Array.of(0x3800)],
  [14, 'float32', [0, 0, 0, 63], Uint16Array.of(0x3f00)],
  [4, 'int32', [200, 0, 0, 0], Uint8Array.of(200)],
])('a constant of dtype number %i that is stored as %s', async (type, dtype, bytes, data) => {
  const files = modelOf({ weight: { dtype, shape: [1] }, bytes, type });
  const { graph } = await readTfjsModel(memoryFiles(files), 'model.json');
  const node = graph.byName.get('w');
  expect(constValue(node as NonNullable<typeof node>).data).toEqual(data);
});

test('without a signature the placeholders are fed and the nodes that nothing uses are fetched', async () => {
  const files = changedModel('loop', [[['signature'], undefined]]);
  const { signatures } = await readTfjsModel(memoryFiles(files), 'model.json');
  expect(signatures).toEqual({
    serving_default: {
      methodName: 'tensorflow/serving/predict',
      inputs: { n: { name: 'n:0', dtype: 'int32', shape: [] }, x: { name: 'x:0', dtype: 'float32', shape: [-1, 4] } },
      outputs: { Identity: { name: 'Identity:0', dtype: 'float32', shape: null } },
    },
  });
});

test('the signature of the metadata goes first, and what it does not say comes from the graph', async () => {
  const userDefinedMetadata = { signature: { outputs: { answer: { name: 'Identity' } } } };
  const files = changedModel('loop', [[['userDefinedMetadata'], userDefinedMetadata]]);
  const { signatures } = await readTfjsModel(memoryFiles(files), 'model.json');
  expect(signatures['serving_default']?.outputs).toEqual({
    answer: { name: 'Identity:0', dtype: 'float32', shape: null },
  });
  expect(Object.keys(signatures['serving_default']?.inputs ?? {})).toEqual(['n', 'x']);
});

test('a table is an error only where the outputs need it', async () => {
  await expect(readSource(golden('tfjs/table'))).rejects.toMatchObject({
    code: 'UNIMPLEMENTED',
    message: expect.stringContaining("tables that the model's initializer makes"),
  });
  const outputs = { x: { name: 'x:0' } };
  const files = changedModel('table', [[['signature', 'outputs'], outputs]]);
  const { signatures } = await readTfjsModel(memoryFiles(files), 'model.json');
  expect(Object.keys(signatures['serving_default']?.inputs ?? {})).toEqual(['x']);
});

test('a Keras model says how to convert it', async () => {
  const layers = { format: 'layers-model', modelTopology: { model_config: {} }, weightsManifest: [] };
  const files = new Map([['model.json', new TextEncoder().encode(JSON.stringify(layers))]]);
  await expect(readTfjsModel(memoryFiles(files), 'model.json')).rejects.toMatchObject({
    code: 'UNIMPLEMENTED',
    message: expect.stringMatching(/layers-model.*tensorflowjs_converter --input_format=tfjs_layers_model/),
  });
});

test('files of weights that no constant needs are not looked at', async () => {
  const unused = { paths: ['gone.bin'], weights: [{ name: 'no such constant', shape: [4], dtype: 'float32' }] };
  const manifest = JSON.parse(readFileSync(golden('tfjs/loop/model.json'), 'utf8')).weightsManifest;
  const files = changedModel('loop', [[['weightsManifest'], [...manifest, unused]]]);
  const { checkpoint } = await readTfjsModel(memoryFiles(files), 'model.json');
  expect(checkpoint.digests).not.toHaveProperty(['gone.bin']);
});

const GROUP = ['weightsManifest', 0] as const;
const WEIGHT = [...GROUP, 'weights', 4] as const;

test.each<[string, Place, unknown, string, RegExp]>([
  ['a missing file', [...GROUP, 'paths', 0], 'gone.bin', 'NOT_FOUND', /gone.bin, which model.json names/],
  ['a file less', [...GROUP, 'paths'], ['group1-shard1of9.bin'], 'DATA_LOSS', /group1-shard1of9.bin ends at byte 10/],
  ['a file twice', [...GROUP, 'paths', 8], 'group1-shard1of9.bin', 'DATA_LOSS', /holds 2 bytes more than/],
  ['a weight of another shape', [...WEIGHT, 'shape'], [3, 4], 'DATA_LOSS', /has shape \[4, 3\], its weight \[3, 4\]/],
  ['an absurd shape', [...WEIGHT, 'shape'], [2 ** 40, 2 ** 10], 'DATA_LOSS', /is too large/],
  [
    'a shape of another size',
    [...WEIGHT, 'shape'],
    [500, 1e6],
    'DATA_LOSS',
    /ends at byte 8, \d+ bytes before the end of/,
  ],
  ['a negative shape', [...WEIGHT, 'shape'], [-1], 'DATA_LOSS', /is no shape/],
  ['an unknown dtype', [...WEIGHT, 'dtype'], 'float8', 'DATA_LOSS', /weights\[4\].dtype of weight .* is unknown/],
  ['an unknown quantization', [...WEIGHT, 'quantization'], { dtype: 'int4' }, 'DATA_LOSS', /stores float32 as int4/],
  [
    'a quantization without a scale',
    [...WEIGHT, 'quantization'],
    { dtype: 'uint8', min: 0 },
    'DATA_LOSS',
    /no scale and min/,
  ],
  ['a complex weight', [...WEIGHT, 'dtype'], 'complex64', 'DATA_LOSS', /ends at byte/],
  ['a constant without a weight', [...WEIGHT, 'name'], 'other', 'DATA_LOSS', /constant .* has no weight/],
  ['an int32 for a float', [...WEIGHT, 'dtype'], 'int32', 'UNIMPLEMENTED', /of dtype float32 is stored as int32/],
  ['no list of weights', [...GROUP, 'weights'], {}, 'DATA_LOSS', /weightsManifest\[0\].weights is no list/],
  ['no graph', ['modelTopology'], {}, 'INVALID_ARGUMENT', /no modelTopology.node/],
  ['an empty graph', ['modelTopology', 'node'], [], 'DATA_LOSS', /holds no graph/],
  ['a malformed node', ['modelTopology', 'node', 3], 7, 'DATA_LOSS', /modelTopology.node\[3\] is no object/],
  ['a malformed attribute', ['modelTopology', 'node', 0, 'attr', 'dtype', 'type'], 'DT_X', 'DATA_LOSS', /is no int32/],
  ['a node that does not exist', ['signature', 'outputs', 'y', 'name'], 'z', 'DATA_LOSS', /names z, which the graph/],
  ['a dangling input', ['modelTopology', 'node', 4, 'input'], ['z'], 'INVALID_ARGUMENT', /inputs do not exist: z/],
])('%s is a typed error', async (_, place, value, code, message) => {
  const files = memoryFiles(changedModel('loop', [[place, value]]));
  const work = async () => freeze(await readTfjsModel(files, 'model.json'));
  await expect(work()).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});

test('a complex weight that a constant needs is refused', async () => {
  const files = modelOf({ weight: { dtype: 'complex64', shape: [1] }, bytes: [0, 0, 0, 0, 0, 0, 0, 0], type: 8 });
  await expect(readTfjsModel(memoryFiles(files), 'model.json')).rejects.toMatchObject({ code: 'UNIMPLEMENTED' });
});

test.each([
  ['a byte that is no bool', { dtype: 'bool', shape: [1] }, [2], /no bool/],
  ['a string longer than its file', { dtype: 'string', shape: [1] }, [9, 0, 0, 0, 65], /ends at byte 5/],
  ['strings without their lengths', { dtype: 'string', shape: [1e8] }, [0, 0, 0, 0], /ends at byte 4/],
])('%s is DATA_LOSS', async (_, weight, bytes, message) => {
  const files = memoryFiles(modelOf({ weight, bytes }));
  const error = { code: 'DATA_LOSS', message: expect.stringMatching(message) };
  await expect(readTfjsModel(files, 'model.json')).rejects.toMatchObject(error);
});

test('a path of weights cannot leave the model’s folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'floe-tfjs-'));
  try {
    const model = changedModel('loop', [[[...GROUP, 'paths', 0], '../secret.bin']]).get('model.json') as Uint8Array;
    await writeFile(join(folder, 'any-name.json'), model);
    await expect(readSource(join(folder, 'any-name.json'))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: [{ file: '../secret.bin' }],
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a manifest of Floe is no TensorFlow.js model', async () => {
  const files = new Map([['model.json', new TextEncoder().encode('{"schemaVersion": "1.0"}')]]);
  await expect(readTfjsModel(memoryFiles(files), 'model.json')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
});

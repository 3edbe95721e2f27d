import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha256 } from '../../src/digest.ts';
import { GraphDef } from '../../src/proto/tensorflow.ts';
import { readSource } from '../../src/read/index.ts';
import { nodeFiles } from '../../src/read/node-files.ts';
import { readSavedModel } from '../../src/read/saved-model.ts';
import { filesOf, golden, memoryFiles } from './golden.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'floe-read-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('a checkpoint is named by its .meta, its .index, a shard or their prefix', async () => {
  const names = ['model-17.meta', 'model-17.index', 'model-17.data-00000-of-00003', 'model-17'];
  const steps = await Promise.all(
    names.map(async (name) => (await readSource(golden(`checkpoint/${name}`))).checkpoint.globalStep),
  );
  expect(steps).toEqual([17, 17, 17, 17]);
});

test('a checkpoint says what it is made of', async () => {
  const { checkpoint, variableKeys } = await readSource(golden('checkpoint/model-17.meta'));
  const files = filesOf('checkpoint');
  files.delete('expected.json');
  expect(checkpoint).toMatchObject({
    format: 'meta-graph',
    producers: { tensorflow: expect.stringMatching(/^2\./) },
    tags: [],
  });
  expect(checkpoint.digests).toEqual(Object.fromEntries([...files].map(([path, bytes]) => [path, sha256(bytes)])));
  expect(variableKeys.get('odd')).toEqual({ key: 'renamed' });
  expect(variableKeys.get('part/w/part_1')).toEqual({ key: 'part/w', slice: { start: [3, 0], length: [2, 4] } });
});

test('a SavedModel has signatures, assets, tags and a key for each variable', async () => {
  const source = await readSource(golden('nested'));
  expect(source.signatures['serving_default']).toEqual({
    methodName: 'tensorflow/serving/predict',
    inputs: {
      n: { name: 'serving_default_n:0', dtype: 'int32', shape: [] },
      x: { name: 'serving_default_x:0', dtype: 'float32', shape: [-1, 4] },
    },
    outputs: {
      gap: { name: 'StatefulPartitionedCall:0', dtype: 'float32', shape: [-1, 1] },
      places: { name: 'StatefulPartitionedCall:1', dtype: 'int32', shape: [-1, 2] },
    },
  });
  expect(Object.keys(source.signatures)).toEqual(['serving_default']);
  expect(source.checkpoint.tags).toEqual(['serve']);
  expect(source.variableKeys).toEqual(new Map([['w', { key: 'w/.ATTRIBUTES/VARIABLE_VALUE' }]]));
  expect([...(await source.readAssets())].map(([path, bytes]) => [path, Buffer.from(bytes).toString()])).toEqual([
    ['vocabulary.txt', 'a\nb\n'],
  ]);
});

test('a SavedModel without the tags asked for says which it has', async () => {
  await expect(readSavedModel(memoryFiles(filesOf('nested')), { tags: ['train'] })).rejects.toThrow(/it has \[serve\]/);
});

test.each([
  ['graph.pbtxt', 'INVALID_ARGUMENT'],
  ['model.h5', 'UNIMPLEMENTED'],
  ['model.keras', 'UNIMPLEMENTED'],
  ['model.json', 'DATA_LOSS'],
  ['empty.pb', 'DATA_LOSS'],
])('%s is a typed error', async (name, code) => {
  await writeFile(join(folder, name), '');
  await expect(readSource(join(folder, name))).rejects.toMatchObject({ code });
});

test('what does not exist is NOT_FOUND, and a folder without a model is no model', async () => {
  await expect(readSource(join(folder, 'nothing'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(readSource(golden(''))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
});

test('a MetaGraph and a graph are told apart whatever the file is called', async () => {
  const files = filesOf('checkpoint');
  for (const [path, bytes] of files) await writeFile(join(folder, path.replace('.meta', '.pb')), bytes);
  expect((await readSource(join(folder, 'model-17.pb'))).checkpoint.format).toBe('meta-graph');
  const node = { name: 'x', op: 'Placeholder', input: [], device: '', attr: new Map() };
  await writeFile(join(folder, 'graph.pb'), GraphDef.encode({ node: [node], versions: undefined, library: undefined }));
  const { checkpoint, graph } = await readSource(join(folder, 'graph.pb'));
  expect([checkpoint.format, graph.nodes.length]).toEqual(['frozen-graph', 1]);
});

test.each(['../secret', 'assets/../../secret', '/etc/passwd', 'a\0b', '..\\secret'])(
  'path %j cannot leave the model',
  async (path) => {
    await expect(nodeFiles(folder).read(path)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  },
);

test('bytes beyond the end of a file are DATA_LOSS before memory is taken', async () => {
  await writeFile(join(folder, 'short'), 'abc');
  await expect(nodeFiles(folder).readRange('short', 1, 2 ** 40)).rejects.toMatchObject({ code: 'DATA_LOSS' });
});

import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freeze } from '../../src/freeze.ts';
import { readSource } from '../../src/read/index.ts';
import { readSavedModel } from '../../src/read/saved-model.ts';
import { numbersOf, runGraph } from '../compile/run.ts';
import { filesOf, golden, memoryFiles } from './golden.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'floe-text-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A folder with some of the files of `golden/text`, by the names they get. */
async function copied(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const to = await mkdtemp(join(folder, `${name}-`));
  for (const [path, from] of Object.entries(files)) {
    const model = filesOf(from.split('/')[0] as string);
    await writeFile(join(to, path), model.get(from.slice(from.indexOf('/') + 1)) as Uint8Array);
  }
  return to;
}

const GRAPH = { 'graph.pbtxt': 'text/graph.pbtxt' };
const FIRST = {
  'model-1.index': 'text/model-1.index',
  'model-1.data-00000-of-00001': 'text/model-1.data-00000-of-00001',
};
const SECOND = {
  'model-2.index': 'text/model-2.index',
  'model-2.data-00000-of-00001': 'text/model-2.data-00000-of-00001',
};
const NEWEST = { checkpoint: 'text/checkpoint' };

test.each([
  ['the folder, whose checkpoint file names the newest', { ...GRAPH, ...FIRST, ...SECOND, ...NEWEST }, '', 2],
  ['the graph, beside a checkpoint file', { ...GRAPH, ...FIRST, ...SECOND, ...NEWEST }, 'graph.pbtxt', 2],
  ['the graph, beside the only checkpoint', { ...GRAPH, ...FIRST }, 'graph.pbtxt', 0],
  [
    'the graph, called like one of several checkpoints',
    { 'model-1.pbtxt': 'text/graph.pbtxt', ...FIRST, ...SECOND },
    'model-1.pbtxt',
    0,
  ],
  ['the prefix of a checkpoint', { ...GRAPH, ...FIRST, ...SECOND, ...NEWEST }, 'model-1', 0],
  ['the index of a checkpoint', { ...GRAPH, ...FIRST, ...SECOND, ...NEWEST }, 'model-1.index', 0],
  ['a checkpoint beside the only graph', { 'other.pbtxt': 'text/graph.pbtxt', ...FIRST, ...SECOND }, 'model-2', 2],
])('a graph as text with its checkpoint is named by %s', async (_, files, name, step) => {
  const source = await readSource(join(await copied('named', files), name));
  expect(source.checkpoint).toMatchObject({ format: 'graph-and-checkpoint', globalStep: step });
  expect(Object.keys(source.checkpoint.digests).length).toBe(3);
});

test('variables are found by the saver in the graph, renamed and partitioned ones too, and the answers are those of TensorFlow', async () => {
  const source = await readSource(golden('text'));
  expect(Object.fromEntries(source.variableKeys)).toMatchObject({
    odd: { key: 'renamed' },
    global_step: { key: 'global_step' },
    'part/w/part_0': { key: 'part/w', slice: { start: [0, 0], length: [2, 2] } },
    'part/w/part_1': { key: 'part/w', slice: { start: [2, 0], length: [1, 2] } },
  });
  const { graph } = await freeze(source, { outputs: ['probs'] });
  const { x, probs } = JSON.parse(readFileSync(golden('text/expected.json'), 'utf8'));
  const feed = { dtype: 'float32', shape: [2, 3], data: Float32Array.from(x as number[]) } as const;
  const [answer] = await runGraph(graph, { 'x:0': feed }, ['probs:0']);
  for (const [i, value] of numbersOf(answer).entries()) expect(value).toBeCloseTo(probs[i], 6);
});

test.each([
  ['without a checkpoint', GRAPH, 'NOT_FOUND', /no checkpoint .* lies beside graph.pbtxt/],
  ['beside several checkpoints', { ...GRAPH, ...FIRST, ...SECOND }, 'INVALID_ARGUMENT', /several.*model-1, model-2/],
  ['beside a checkpoint file that names what is not there', { ...GRAPH, ...FIRST, ...NEWEST }, 'NOT_FOUND', /model-2/],
])('a graph with variables %s is a typed error', async (_, files, code, message) => {
  const path = join(await copied('missing', files), 'graph.pbtxt');
  await expect(readSource(path)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});

test('a graph as text without variables needs no checkpoint', async () => {
  const { graph, checkpoint } = await readSource(golden('text/odd.pbtxt'));
  expect([checkpoint.format, graph.byName.get('scalar')?.op]).toEqual(['frozen-graph', 'Placeholder']);
});

test('saved_model.pbtxt is the same model as saved_model.pb', async () => {
  const files = filesOf('nested');
  const binary = await readSavedModel(memoryFiles(files));
  files.set('saved_model.pbtxt', filesOf('text').get('nested.pbtxt') as Uint8Array);
  files.delete('saved_model.pb');
  const text = await readSavedModel(memoryFiles(files), {}, 'saved_model.pbtxt');
  expect(text.graph).toEqual(binary.graph);
  expect([text.signatures, text.variableKeys, text.assets]).toEqual([
    binary.signatures,
    binary.variableKeys,
    binary.assets,
  ]);
  const to = await copied('saved', { 'saved_model.pbtxt': 'text/nested.pbtxt' });
  expect((await readSource(to)).checkpoint.format).toBe('saved-model');
});

test('a MetaGraph as text finds its checkpoint by its name', async () => {
  const nested = new TextDecoder().decode(filesOf('text').get('nested.pbtxt'));
  const inner = nested.slice(nested.indexOf('meta_graphs {') + 'meta_graphs {'.length, nested.lastIndexOf('}'));
  const to = await copied('meta', { ...FIRST, ...SECOND });
  await writeFile(join(to, 'model-2.meta.pbtxt'), inner);
  const { checkpoint, signatures } = await readSource(join(to, 'model-2.meta.pbtxt'));
  expect([checkpoint.format, Object.keys(signatures)]).toEqual(['meta-graph', ['serving_default']]);
  expect(Object.keys(checkpoint.digests)).toContain('model-2.index');
});

test.each(['', '# nothing\n', 'something { else: 1 }'])('%j holds no graph', async (text) => {
  const path = join(await copied('none', {}), 'graph.pbtxt');
  await writeFile(path, text);
  await expect(readSource(path)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
});

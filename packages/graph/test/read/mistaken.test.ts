/** What is given by mistake: each error says what it is and what to do. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freeze } from '../../src/freeze.ts';
import { readSource } from '../../src/read/index.ts';
import { readMetaGraph } from '../../src/read/meta-graph.ts';
import { readSavedModel } from '../../src/read/saved-model.ts';
import { filesOf, memoryFiles } from './golden.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'floe-mistaken-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a file of another format', () => {
  it.each([
    ['HDF5', 'weights', '\x89HDF\r\n\x1a\n', /is an HDF5 file.*model\.export/],
    ['a Keras archive', 'model.pb', 'PK\x03\x04metadata.json', /is a ZIP archive.*model\.export/],
    ['gzip', 'model.pb', '\x1f\x8b\x08\x00', /is packed by gzip/],
    ['TensorFlow Lite', 'model.pb', '\x1c\x00\x00\x00TFL3', /is a TensorFlow Lite model.*SavedModel/],
    ['ONNX', 'model.pb', '\x08\x08\x12\x07pytorch', /is an ONNX model/],
    ['a pickle', 'model.pt', '\x80\x02}q\x00', /is a pickle of Python/],
    ['a pointer of Git LFS', 'saved_model.pb', 'version https://git-lfs.github.com/spec/v1\n', /git lfs pull/],
    ['text', 'graph.pb', 'node { name: "x" op: "Placeholder" }\n', /is text.*\.pbtxt/],
  ])('%s', async (_, name, text, message) => {
    await writeFile(join(folder, name), Buffer.from(text, 'latin1'));
    await expect(readSource(join(folder, name))).rejects.toMatchObject({
      code: 'UNIMPLEMENTED',
      message: expect.stringMatching(message),
      details: [{ file: name }],
    });
  });
});

describe('a folder', () => {
  it('that is empty', async () => {
    await mkdir(join(folder, 'empty'));
    await expect(readSource(join(folder, 'empty'))).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringMatching(/is an empty folder$/),
    });
  });

  it('of versions, or of files that are named one by one', async () => {
    await mkdir(join(folder, 'parent/3'), { recursive: true });
    await writeFile(join(folder, 'parent/3/saved_model.pb'), '');
    await writeFile(join(folder, 'parent/graph.pbtxt'), '');
    await expect(readSource(join(folder, 'parent'))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/is no model: .*; it has 3\/, graph\.pbtxt: give that path$/),
    });
  });
});

describe('a checkpoint', () => {
  const nested = filesOf('nested');

  it('that is not there', async () => {
    const files = new Map([...nested].filter(([path]) => !path.startsWith('variables')));
    await expect(readSavedModel(memoryFiles(files)).then((source) => freeze(source))).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringMatching(/^the model came without its checkpoint.*w \(no key/),
      details: [{ node: 'w', op: 'VarHandleOp', tensor: 'w/.ATTRIBUTES/VARIABLE_VALUE' }],
    });
  });

  it("that is another model's", async () => {
    const files = filesOf('checkpoint');
    files.set('model-17.index', nested.get('variables/variables.index') as Uint8Array);
    files.set('model-17.data-00000-of-00001', nested.get('variables/variables.data-00000-of-00001') as Uint8Array);
    const source = readMetaGraph(memoryFiles(files), 'model-17');
    const frozen = source.then((read) => freeze(read, { outputs: ['probs'], set: { keep_prob: 1 } }));
    await expect(frozen).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringMatching(/^4 of 4 variables have no value.*another model's: odd \(no key renamed\)/),
    });
  });

  it('with a damaged tensor says which bytes of which file', async () => {
    const shard = 'variables/variables.data-00000-of-00001';
    const bytes = (nested.get(shard) as Uint8Array).slice();
    bytes[3] = 0xff;
    const files = memoryFiles(new Map(nested).set(shard, bytes));
    await expect(readSavedModel(files).then((source) => freeze(source))).rejects.toMatchObject({
      code: 'DATA_LOSS',
      details: [{ file: shard, offset: 0, tensor: 'w/.ATTRIBUTES/VARIABLE_VALUE' }],
    });
  });
});

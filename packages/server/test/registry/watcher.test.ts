import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FolderSource } from '../../src/registry/source.ts';
import { Watcher } from '../../src/registry/watcher.ts';

let root: string;
let events: string[];
let watcher: Watcher;

async function add(model: string, version: number): Promise<void> {
  const folder = join(root, model, String(version));
  await mkdir(folder, { recursive: true });
  for (const file of ['model.json', 'frozen.pb']) await writeFile(join(folder, file), '');
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'floe-watcher-'));
  events = [];
  watcher = new Watcher({
    source: new FolderSource(root, (error) => events.push(error.message)),
    keepVersions: 1,
    pollSeconds: 3600,
    onAspired: async (models) => {
      for (const [model, { versions }] of models) events.push(`${model} ${versions.map(({ version }) => version)}`);
    },
    onError: (error) => events.push(error.message),
    onDeleted: (model, version) => events.push(`${model} ${version} deleted`),
  });
});
afterEach(async () => {
  await watcher.stop();
  await rm(root, { recursive: true, force: true });
});

it('tells of versions that are deleted, after what serves instead; not of those that only serve no more', async () => {
  await add('digits', 1);
  await add('digits', 2);
  await watcher.look();
  await add('digits', 3);
  await watcher.look();
  await rm(join(root, 'digits/2'), { recursive: true });
  await rm(join(root, 'digits/3'), { recursive: true });
  await watcher.look();
  await watcher.look();
  expect(events).toEqual(['digits 2', 'digits 3', 'digits 1', 'digits 2 deleted', 'digits 3 deleted', 'digits 1']);
});

it('tells of all versions of a model that is deleted, and of none where the root cannot be read', async () => {
  await add('digits', 1);
  await add('other', 1);
  await watcher.look();
  await rm(join(root, 'other'), { recursive: true });
  await watcher.look();
  expect(events.slice(2)).toEqual(['digits 1', 'other 1 deleted']);
  await rm(root, { recursive: true });
  await expect(watcher.look()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(events).toHaveLength(4);
});

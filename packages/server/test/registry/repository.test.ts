import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freezeVersion } from '../../src/build/freeze-version.ts';
import { load } from '../../src/index.ts';
import { NO_CHANNELS } from '../../src/registry/aspired.ts';
import { ModelRepository } from '../../src/registry/repository.ts';
import { FolderObjects } from '../../src/store/objects/folder.ts';
import { MemoryObjects } from '../../src/store/objects/memory.ts';
import type { ObjectStore } from '../../src/store/objects/object-store.ts';
import { readManifest } from '../../src/store/version-folder.ts';
import { keysOf } from '../store/objects/contract.ts';
import { EXAMPLE, FREEZE } from '../support/digits.ts';

const ANN = { by: 'ann', why: 'a trial' };
let folder = '';
let digits = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'floe-repository-'));
  const source = join(EXAMPLE, 'undertrained', 'model.ckpt-30.meta');
  digits = (await freezeVersion({ ...FREEZE, source, root: join(folder, 'frozen'), version: 7 })).folder;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let time = Date.UTC(2026, 0, 1);
/** Each moment is another one. */
const now = (): Date => {
  time += 1000;
  return new Date(time);
};
const repository = (objects: ObjectStore = new MemoryObjects()): ModelRepository => new ModelRepository(objects, now);

describe('publishing', () => {
  it('gives the next number, says who did, and brings back what was brought there', async () => {
    const one = repository();
    expect(await one.publish('digits', digits, ANN)).toBe(1);
    expect(await one.publish('digits', digits, ANN)).toBe(2);
    expect(await one.models()).toEqual(['digits']);
    expect(await one.versions('digits')).toEqual([1, 2]);
    expect(await one.audit('digits')).toMatchObject([
      { action: 'publish', version: 1, by: 'ann', why: 'a trial' },
      { action: 'publish', version: 2 },
    ]);
    const brought = await one.bring('digits', 2, join(folder, 'brought'));
    expect(await readManifest(brought)).toMatchObject({ name: 'digits', version: 2 });
    expect(await readFile(join(brought, 'frozen.pb'))).toEqual(await readFile(join(digits, 'frozen.pb')));
    expect((await readdir(join(brought, 'compiled'))).sort()).toEqual((await readdir(join(digits, 'compiled'))).sort());
    const session = await load(brought);
    await session.close();
  });

  it('gives each of many who publish at once a number of their own, and all are in the index', async () => {
    const root = await mkdtemp(join(folder, 'at-once-'));
    const many = Array.from({ length: 4 }, () => repository(new FolderObjects(root)));
    const versions = await Promise.all(many.map((one) => one.publish('digits', digits, ANN)));
    expect(versions.sort()).toEqual([1, 2, 3, 4]);
    const index = JSON.parse(await readFile(join(root, 'index.json'), 'utf8')) as unknown;
    expect(index).toMatchObject({
      models: { digits: [1, 2, 3, 4].map((version) => ({ version, bytes: expect.any(Number) as number })) },
    });
  });

  it('leaves nothing that serves where it breaks off, and no number is given twice', async () => {
    const objects = new MemoryObjects();
    const upload = objects.upload.bind(objects);
    objects.upload = (key, file) => (key.endsWith('.onnx') ? Promise.reject(new Error('away')) : upload(key, file));
    const one = repository(objects);
    await expect(one.publish('digits', digits, ANN)).rejects.toThrow('away');
    expect(await one.versions('digits')).toEqual([]);
    objects.upload = upload;
    expect(await one.publish('digits', digits, ANN)).toBe(2);
  });

  it('refuses a folder whose files are not what its manifest says', async () => {
    const damaged = join(folder, 'damaged');
    await cp(digits, damaged, { recursive: true });
    await writeFile(join(damaged, 'frozen.pb'), 'no graph');
    const one = repository();
    await expect(one.publish('digits', damaged, ANN)).rejects.toMatchObject({ code: 'DATA_LOSS' });
    expect(await keysOf(one.objects)).toEqual([]);
  });

  it('refuses names that are none', async () => {
    for (const name of ['', '../x', 'a/b', '.x']) {
      await expect(repository().publish(name, digits, ANN)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
  });
});

describe('bringing a version', () => {
  it.each([
    ['other bytes', (bytes: Uint8Array) => Uint8Array.from(bytes, (byte, at) => (at === 100 ? byte ^ 1 : byte))],
    ['fewer bytes', (bytes: Uint8Array) => bytes.subarray(0, 1000)],
    ['no bytes', () => undefined, 'UNAVAILABLE'],
  ])('finds out where the store has %s, and leaves nothing', async (_, change, code = 'DATA_LOSS') => {
    const objects = new MemoryObjects();
    const one = repository(objects);
    await one.publish('digits', digits, ANN);
    const found = (await objects.get('digits/1/frozen.pb')) as { bytes: Uint8Array };
    const changed = change(found.bytes);
    if (changed === undefined) await objects.delete('digits/1/frozen.pb');
    else await objects.put('digits/1/frozen.pb', changed);
    const into = await mkdtemp(join(folder, 'bring-'));
    await expect(one.bring('digits', 1, into)).rejects.toMatchObject({ code });
    expect(await readdir(join(into, 'digits'))).toEqual([]);
  });

  it('does not write where a manifest leads out of the folder', async () => {
    const objects = new MemoryObjects();
    const one = repository(objects);
    await one.publish('digits', digits, ANN);
    const manifest = await one.manifest('digits', 1);
    const [file] = Object.values(manifest.files);
    const evil = { ...manifest, files: { ...manifest.files, '../../../evil': file } };
    await objects.put('digits/1/model.json', Buffer.from(JSON.stringify(evil)));
    await expect(one.bring('digits', 1, join(folder, 'evil'))).rejects.toMatchObject({ code: 'DATA_LOSS' });
  });

  it('says what is not published', async () => {
    await expect(repository().bring('digits', 3, folder)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

async function published(count: number, objects?: ObjectStore): Promise<ModelRepository> {
  const one = repository(objects);
  for (let version = 0; version < count; version++) await one.publish('digits', digits, ANN);
  return one;
}

describe('channels', () => {
  it('are moved, and moved back, and it is known who did that', async () => {
    const one = await published(3);
    expect(await one.channels('digits')).toEqual(NO_CHANNELS);
    await one.promote('digits', 1, ANN);
    await one.promote('digits', 2, { by: 'bob', why: 'better' });
    await one.changeChannels('digits', (is) => ({ ...is, canary: { version: 3, percent: 10, steps: [10, 50] } }), ANN);
    expect(await one.rollback('digits', ANN)).toEqual({ stable: 2, labels: {} });
    expect(await one.rollback('digits', ANN)).toEqual({ stable: 1, labels: {} });
    expect(await one.channels('digits')).toEqual({ stable: 1, labels: {} });
    const moves = (await one.audit('digits')).filter(({ action }) => action === 'channels');
    expect(moves).toMatchObject([
      { by: 'ann', from: {}, to: { stable: 1 } },
      { by: 'bob', why: 'better', from: { stable: 1 }, to: { stable: 2 } },
      { from: { stable: 2 }, to: { stable: 2, canary: { version: 3, percent: 10, steps: [10, 50] } } },
      { to: { stable: 2 } },
      { from: { stable: 2 }, to: { stable: 1 } },
    ]);
  });

  it('lose no update of many at once', async () => {
    const root = await mkdtemp(join(folder, 'channels-'));
    await published(1, new FolderObjects(root));
    const many = Array.from({ length: 8 }, () => repository(new FolderObjects(root)));
    const add = (name: string) => (is: { labels: Readonly<Record<string, number>> }) => ({
      ...is,
      labels: { ...is.labels, [name]: 1 },
    });
    await Promise.all(many.map((one, at) => one.changeChannels('digits', add(`label${at}`), ANN)));
    expect(Object.keys((await repository(new FolderObjects(root)).channels('digits')).labels)).toHaveLength(8);
    expect(
      (await (many[0] as ModelRepository).audit('digits')).filter(({ action }) => action === 'channels'),
    ).toHaveLength(8);
  });

  it('name published versions only', async () => {
    const one = await published(1);
    await expect(one.promote('digits', 2, ANN)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const canary = { version: 9, percent: 1 };
    await expect(one.changeChannels('digits', (is) => ({ ...is, canary }), ANN)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(await one.channels('digits')).toEqual(NO_CHANNELS);
  });

  it('have their entry even where whoever moved them died in between', async () => {
    const objects = new MemoryObjects();
    const one = await published(2, objects);
    const put = objects.put.bind(objects);
    objects.put = (key, ...rest) => (key.includes('/audit/') ? Promise.reject(new Error('away')) : put(key, ...rest));
    await expect(one.promote('digits', 1, ANN)).rejects.toThrow('away');
    objects.put = put;
    expect(await one.channels('digits')).toEqual({ stable: 1, labels: {} });
    await one.promote('digits', 2, ANN);
    const moves = (await one.audit('digits')).filter(({ action }) => action === 'channels');
    expect(moves).toMatchObject([{ to: { stable: 1 } }, { from: { stable: 1 }, to: { stable: 2 } }]);
  });

  it('cannot go back where there is nothing before', async () => {
    const one = await published(1);
    await expect(one.rollback('digits', ANN)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  });
});

describe('what is deleted', () => {
  it('is not what a channel names', async () => {
    const one = await published(4);
    await one.promote('digits', 2, ANN);
    await one.changeChannels(
      'digits',
      (is) => ({ ...is, labels: { next: 3 }, canary: { version: 4, percent: 1 } }),
      ANN,
    );
    for (const version of [2, 3, 4]) {
      await expect(one.delete('digits', version, ANN)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
    }
    await one.delete('digits', 1, ANN);
    expect(await one.versions('digits')).toEqual([2, 3, 4]);
    expect(await keysOf(one.objects, 'digits/1/')).toEqual([]);
    await expect(one.delete('digits', 1, ANN)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('as garbage is what is neither new, named, last stable nor young', async () => {
    const objects = new MemoryObjects();
    const one = await published(6, objects);
    await one.promote('digits', 1, ANN);
    await one.promote('digits', 3, ANN);
    await objects.put('digits/9/claim.json', Buffer.from('{}'));
    expect(await one.collectGarbage('digits', { keep: 2, minAgeHours: 24 }, ANN)).toEqual([]);
    const later = new ModelRepository(objects, () => new Date(Date.now() + 25 * 3600_000));
    expect(await later.collectGarbage('digits', { keep: 2, minAgeHours: 24 }, ANN)).toEqual([2, 4, 9]);
    expect(await later.versions('digits')).toEqual([1, 3, 5, 6]);
    expect(await keysOf(objects, 'digits/9/')).toEqual([]);
  });
});

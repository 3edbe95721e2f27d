import { appendFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FloeError } from '@floe/graph/base';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ModelRepository } from '../../src/registry/repository.ts';
import { RepositorySource } from '../../src/registry/repository-source.ts';
import type { FoundVersion } from '../../src/registry/scan.ts';
import type { FoundModel } from '../../src/registry/source.ts';
import { VersionCache } from '../../src/registry/version-cache.ts';
import { MemoryObjects } from '../../src/store/objects/memory.ts';
import { frozenDigits } from '../support/frozen-digits.ts';

const ANN = { by: 'ann' };

/** Counts what it is asked, and can be away. */
class CountedObjects extends MemoryObjects {
  asked: string[] = [];
  isAway = false;
  override get(...args: Parameters<MemoryObjects['get']>): ReturnType<MemoryObjects['get']> {
    this.ask(`get ${args[0]}`);
    return super.get(...args);
  }
  override download(key: string, file: string): Promise<boolean> {
    this.ask(`download ${key}`);
    return super.download(key, file);
  }
  override list(prefix: string): ReturnType<MemoryObjects['list']> {
    this.ask(`list ${prefix}`);
    return super.list(prefix);
  }
  private ask(what: string): void {
    this.asked.push(what);
    if (this.isAway) throw new FloeError('UNAVAILABLE', 'the store is away');
  }
}

let root = '';
let folder = '';
let objects: CountedObjects;
let repository: ModelRepository;
let errors: string[];
let time = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'floe-source-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(root, 'cache-'));
  objects = new CountedObjects();
  repository = new ModelRepository(objects);
  errors = [];
  time = 0;
});

async function publish(count = 1): Promise<void> {
  for (let n = 0; n < count; n++) await repository.publish('digits', await frozenDigits(root), ANN);
}

const cacheOf = (bytes = 1e9): VersionCache => new VersionCache(folder, bytes);
const source = (cache = cacheOf()): RepositorySource =>
  new RepositorySource({ repository, cache, folder, onError: ({ message }) => errors.push(message), now: () => time });

/** What the engine opens of the first version. */
async function compiledKey(): Promise<string> {
  for await (const { key } of objects.list('digits/1/compiled/')) if (key.endsWith('.onnx')) return key;
  throw new Error('nothing is compiled');
}

const versionsOf = (models: ReadonlyMap<string, FoundModel>): readonly number[] | undefined =>
  models.get('digits')?.versions.map(({ version }) => version);
const first = (models: ReadonlyMap<string, FoundModel>): FoundVersion =>
  models.get('digits')?.versions[0] as FoundVersion;

describe('looking into a repository', () => {
  it('costs one conditional read, and one for each model', async () => {
    await publish(2);
    await repository.promote('digits', 1, ANN);
    const own = source();
    expect(versionsOf(await own.find())).toEqual([1, 2]);
    objects.asked = [];
    expect((await own.find()).get('digits')?.channels).toEqual({ stable: 1, labels: {} });
    expect(objects.asked).toEqual(['get index.json', 'get digits/channels.json']);
    await publish();
    await repository.promote('digits', 3, ANN);
    const models = await own.find();
    expect([versionsOf(models), models.get('digits')?.channels.stable]).toEqual([[1, 2, 3], 3]);
  });

  it('works where somebody else filled it, with a listing at long intervals', async () => {
    await publish();
    await objects.delete('index.json');
    objects.asked = [];
    const own = source();
    expect(versionsOf(await own.find())).toEqual([1]);
    for (const key of ['frozen.pb', 'model.json']) {
      const found = (await objects.get(`digits/1/${key}`)) as { bytes: Uint8Array };
      await objects.put(`digits/2/${key}`, found.bytes);
    }
    expect(versionsOf(await own.find())).toEqual([1]);
    time += 300_000;
    expect(versionsOf(await own.find())).toEqual([1, 2]);
    expect(objects.asked.filter((one) => one === 'list ')).toHaveLength(2);
    await publish();
    expect(versionsOf(await own.find())).toEqual([1, 2, 3]);
  });

  it('leaves channels as they were where they cannot be read', async () => {
    await publish();
    await repository.promote('digits', 1, ANN);
    const own = source();
    await own.find();
    await objects.put('digits/channels.json', Buffer.from('{"stable": "one"}'));
    expect((await own.find()).get('digits')?.channels.stable).toBe(1);
    expect(errors).toEqual([expect.stringContaining('digits/channels.json')]);
  });

  it('fails where the store goes away, and starts without it from what was seen last', async () => {
    await publish(2);
    await repository.promote('digits', 1, ANN);
    const own = source();
    const found = first(await own.find());
    await own.bring(found);
    objects.isAway = true;
    await expect(own.find()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const restarted = source();
    const models = await restarted.find();
    expect([versionsOf(models), models.get('digits')?.channels]).toEqual([[1], { stable: 1, labels: {} }]);
    expect((await restarted.bring(first(models))).folder).toBe(found.folder);
    objects.isAway = false;
    expect(versionsOf(await restarted.find())).toEqual([1, 2]);
  });

  it('cannot start without a store that it never saw', async () => {
    objects.isAway = true;
    await expect(source().find()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await writeFile(join(folder, 'seen.json'), '{"digits": 3}');
    await expect(source().find()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

describe('a version that is not there yet, as replicas of buckets have it', () => {
  it.each([
    ['the manifest', async () => 'digits/1/model.json'],
    ['what is compiled', compiledKey],
  ])('may come, and is brought then: %s', async (_, keyOf) => {
    await publish();
    const own = source();
    const found = first(await own.find());
    const key = await keyOf();
    const { bytes } = (await objects.get(key)) as { bytes: Uint8Array };
    await objects.delete(key);
    await expect(own.bring(found)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await objects.put(key, bytes);
    expect((await own.bring(found)).folder).toBe(found.folder);
  });
});

describe('the cache on disk', () => {
  it('keeps what versions share once, and brings nothing twice', async () => {
    await publish(3);
    const [cache, own] = [cacheOf(), source()];
    for (const found of (await own.find()).get('digits')?.versions ?? []) await own.bring(found);
    const downloads = objects.asked.filter((one) => one.startsWith('download'));
    expect(new Set(downloads).size).toBe(downloads.length);
    expect(downloads.every((one) => one.startsWith('download digits/1/'))).toBe(true);
    objects.asked = [];
    await cache.bring(repository, { model: 'digits', version: 2 });
    expect(objects.asked).toEqual([]);
  });

  it('brings anew what was damaged on the disk', async () => {
    await publish();
    const cache = cacheOf();
    const at = { model: 'digits', version: 1 };
    const compiled = join(await cache.bring(repository, at), (await compiledKey()).replace('digits/1/', ''));
    const intact = await readFile(compiled);
    await appendFile(compiled, 'x');
    await cache.bring(repository, at);
    expect((await readFile(compiled)).equals(intact)).toBe(true);
  });

  it('brings a graph that is compiled already when it is asked for, once, and anew where it is damaged', async () => {
    await publish();
    const [cache, at] = [cacheOf(), { model: 'digits', version: 1 }];
    const here = await cache.bring(repository, at);
    expect(await readdir(here)).not.toContain('frozen.pb');
    const [graph] = await Promise.all([cache.graph(repository, at), cache.graph(repository, at)]);
    expect(objects.asked.filter((one) => one === 'download digits/1/frozen.pb')).toHaveLength(1);
    const intact = await readFile(join(await frozenDigits(root), 'frozen.pb'));
    expect((await readFile(graph)).equals(intact)).toBe(true);
    await appendFile(graph, 'x');
    expect((await readFile(await cache.graph(repository, at))).equals(intact)).toBe(true);
    await cache.evict([]);
    objects.isAway = true;
    expect(await cache.graph(repository, at)).toBe(graph);
    expect(await cache.bring(repository, at)).toBe(here);
  });

  it('says so where a graph is needed and the store is away or lies, and goes on without it', async () => {
    await publish();
    const own = source();
    const { folder: here, graph } = await own.bring(first(await own.find()));
    objects.isAway = true;
    await expect(graph?.()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    objects.isAway = false;
    await objects.put('digits/1/frozen.pb', Buffer.from('lies'));
    await expect(graph?.()).rejects.toMatchObject({ code: 'DATA_LOSS' });
    expect(await readdir(here)).not.toContain('frozen.pb');
  });

  it('brings the graph at once where nothing is compiled', async () => {
    const bare = join(root, 'bare');
    await cp(await frozenDigits(root), bare, { recursive: true });
    await rm(join(bare, 'compiled'), { recursive: true });
    await repository.publish('digits', bare, ANN);
    const here = await cacheOf().bring(repository, { model: 'digits', version: 1 });
    expect(await readdir(here)).toContain('frozen.pb');
  });

  it('lets the longest unused go where it is too much, and never what is needed', async () => {
    await publish(3);
    const own = source(cacheOf(1));
    const found = (await own.find()).get('digits')?.versions ?? [];
    for (const one of found) await own.bring(one);
    await own.needed(found.slice(1, 2));
    expect(await readdir(join(folder, 'versions/digits'))).toEqual(['2']);
    await own.needed([]);
    expect(await readdir(join(folder, 'versions/digits'))).toEqual([]);
    expect(await readdir(join(folder, 'blobs'))).toEqual([]);
  });

  it('lets others go for a graph that comes late, but none that was brought to serve next', async () => {
    await publish(3);
    const { files, compiled } = await repository.manifest('digits', 1);
    const withoutGraph = Object.entries({ ...files, ...compiled }).filter(([name]) => name !== 'frozen.pb');
    const own = source(cacheOf(withoutGraph.reduce((sum, [, { bytes }]) => sum + bytes, 0)));
    const found = (await own.find()).get('digits')?.versions ?? [];
    const [one, two, three] = found as [FoundVersion, FoundVersion, FoundVersion];
    await own.bring(one);
    const { graph } = await own.bring(two);
    await own.needed([two]);
    await own.bring(three);
    expect(await readdir(join(folder, 'versions/digits'))).toEqual(['1', '2', '3']);
    await graph?.();
    expect(await readdir(join(folder, 'versions/digits'))).toEqual(['2', '3']);
  });
});

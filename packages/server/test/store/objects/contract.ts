/** What every store of objects has to do; run against a folder, memory and S3. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { ObjectStore, StoredObject } from '../../../src/store/objects/object-store.ts';

/** `open` gives an empty store, or another one on the same objects where that is possible. */
export interface ObjectsUnderTest {
  readonly store: ObjectStore;
  readonly second: ObjectStore;
}

const text = (value: string): Uint8Array => Buffer.from(value);
const read = async (store: ObjectStore, key: string): Promise<string | undefined> => {
  const found = (await store.get(key)) as StoredObject | undefined;
  return found === undefined ? undefined : Buffer.from(found.bytes).toString('utf8');
};
/** Those of a store, in the order in which it lists them. */
export async function keysOf(store: ObjectStore, prefix = ''): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list(prefix)) found.push(key);
  return found;
}

export function objectContract(open: () => Promise<ObjectsUnderTest>): void {
  let [store, second] = [] as unknown as [ObjectStore, ObjectStore];
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'floe-objects-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  beforeEach(async () => {
    const opened = await open();
    store = opened.store;
    second = opened.second;
    return () => {
      store.close();
      second.close();
    };
  });

  it('gives back what was put, and nothing where there is nothing', async () => {
    await store.put('a/b.json', text('one'));
    expect(await read(second, 'a/b.json')).toBe('one');
    expect(await store.get('a/c.json')).toBeUndefined();
    expect(await store.get('a')).toBeUndefined();
    await store.put('a/b.json', text('two'));
    expect(await read(second, 'a/b.json')).toBe('two');
    await store.put('empty', new Uint8Array(0));
    expect(await read(store, 'empty')).toBe('');
  });

  it('says where nothing has changed', async () => {
    const etag = await store.put('x', text('one'));
    expect(await store.get('x', etag)).toBe('unchanged');
    expect((await store.get('x')) as StoredObject).toMatchObject({ etag });
    await second.put('x', text('two'));
    expect(await store.get('x', etag)).toMatchObject({ bytes: expect.anything() as Uint8Array });
    await store.delete('x');
    expect(await store.get('x', etag)).toBeUndefined();
  });

  it('writes under a condition', async () => {
    const first = await store.put('x', text('one'), { ifAbsent: true });
    expect(first).toBeTypeOf('string');
    expect(await second.put('x', text('two'), { ifAbsent: true })).toBeUndefined();
    expect(await second.put('x', text('two'), { ifMatch: '"0123"' })).toBeUndefined();
    expect(await second.put('nothing', text('two'), { ifMatch: first as string })).toBeUndefined();
    expect(await read(store, 'x')).toBe('one');
    expect(await second.put('x', text('two'), { ifMatch: first as string })).toBeTypeOf('string');
    expect(await store.put('x', text('three'), { ifMatch: first as string })).toBeUndefined();
    expect(await read(store, 'x')).toBe('two');
  });

  it('lets one of many who write at once be the first', async () => {
    const stores = Array.from({ length: 8 }, (_, at) => (at % 2 === 0 ? store : second));
    const made = await Promise.all(stores.map((one, at) => one.put('race', text(String(at)), { ifAbsent: true })));
    expect(made.filter((etag) => etag !== undefined)).toHaveLength(1);
    expect(await read(store, 'race')).toBe(String(made.findIndex((etag) => etag !== undefined)));
  });

  it('loses no update where all write under a condition', async () => {
    const add = async (one: ObjectStore): Promise<void> => {
      for (;;) {
        const found = (await one.get('count')) as StoredObject | undefined;
        const count = found === undefined ? 0 : Number(Buffer.from(found.bytes).toString('utf8'));
        const condition = found === undefined ? ({ ifAbsent: true } as const) : { ifMatch: found.etag };
        if ((await one.put('count', text(String(count + 1)), condition)) !== undefined) return;
      }
    };
    await Promise.all(Array.from({ length: 10 }, (_, at) => add(at % 2 === 0 ? store : second)));
    expect(await read(store, 'count')).toBe('10');
  });

  it('carries files there and back, and leaves none where there is no object', async () => {
    const bytes = randomBytes(3 * 2 ** 20);
    const [from, to] = [join(folder, 'from'), join(folder, 'deep/to')];
    await writeFile(from, bytes);
    await store.upload('big/file.bin', from);
    expect(await second.download('big/file.bin', to)).toBe(true);
    expect((await readFile(to)).equals(bytes)).toBe(true);
    expect(await store.download('big/other.bin', join(folder, 'other'))).toBe(false);
    expect(await readdir(folder)).toEqual(['deep', 'from']);
  });

  it('lists by prefix, in order, all pages, and nothing that is on its way', async () => {
    for (const key of ['m/2/model.json', 'm/10/model.json', 'm/2/frozen.pb', 'n/1/model.json', 'mm/1']) {
      await store.put(key, text(key));
    }
    await store.put('m/2/model.json', text('again'), { ifMatch: '"none"' });
    expect(await keysOf(second, 'm/')).toEqual(['m/10/model.json', 'm/2/frozen.pb', 'm/2/model.json']);
    expect(await keysOf(store, 'm')).toEqual(['m/10/model.json', 'm/2/frozen.pb', 'm/2/model.json', 'mm/1']);
    expect(await keysOf(store, 'z/')).toEqual([]);
    expect(await keysOf(store, '')).toHaveLength(5);
    for await (const { key, bytes, modified } of store.list('n/')) {
      expect([key, bytes]).toEqual(['n/1/model.json', 14]);
      expect(Math.abs(Date.now() - modified.getTime())).toBeLessThan(600_000);
    }
  });

  it('deletes, also what is not there', async () => {
    await store.put('m/1/a', text('a'));
    await store.put('m/1/b', text('b'));
    await store.delete('m/1/a');
    await store.delete('m/1/a');
    expect(await keysOf(second, '')).toEqual(['m/1/b']);
  });

  it('takes keys that people choose, and none that lead elsewhere', async () => {
    for (const key of ['m/1/assets/a b+c&d%20.txt', 'm/größe/日本.json', 'm/.hidden/x']) {
      await store.put(key, text(key));
      expect(await read(second, key)).toBe(key);
    }
    expect((await keysOf(store, 'm/')).sort()).toEqual(
      ['m/.hidden/x', 'm/1/assets/a b+c&d%20.txt', 'm/größe/日本.json'].sort(),
    );
    for (const key of ['', '/a', 'a/', 'a//b', '../a', 'a/../b', 'a/.', 'a\0b', 'a\\b', 'x'.repeat(1000)]) {
      await expect(async () => store.put(key, text('a'))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      await expect(async () => store.get(key)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
  });
}

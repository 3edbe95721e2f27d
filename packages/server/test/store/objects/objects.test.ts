import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FolderObjects } from '../../../src/store/objects/folder.ts';
import { MemoryObjects } from '../../../src/store/objects/memory.ts';
import { openObjectStore, placeOf } from '../../../src/store/objects/open.ts';
import { keysOf, objectContract } from './contract.ts';

async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'floe-objects-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe('objects in memory', () => {
  objectContract(async () => {
    const store = new MemoryObjects();
    return { store, second: store };
  });
});

describe('objects in a folder', () => {
  const made: string[] = [];
  objectContract(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'floe-objects-'));
    made.push(folder);
    return { store: new FolderObjects(folder), second: new FolderObjects(folder) };
  });
  it('leave no folder behind that is empty', async () => {
    const store = new FolderObjects(await scratch());
    await store.put('a/b/c', new Uint8Array(1));
    await store.delete('a/b/c');
    expect(await keysOf(store)).toEqual([]);
    await Promise.all(made.map((folder) => rm(folder, { recursive: true, force: true })));
  });

  it('say what of the disk was in the way', async () => {
    const folder = await scratch();
    await writeFile(join(folder, 'file'), '');
    const store = new FolderObjects(folder);
    await expect(store.put('file/a', new Uint8Array(1))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await store.get('file/a')).toBeUndefined();
  });
});

describe('the URL of a store', () => {
  it('is a folder or a bucket', async () => {
    expect((await openObjectStore('models')).url).toMatch(/\/models$/);
    expect((await openObjectStore('file:///srv/models')).url).toBe('/srv/models');
    const store = await openObjectStore('s3://models/production/?endpoint=http://127.0.0.1:9000&region=eu-1', {});
    expect(store.url).toBe('s3://models/production');
    store.close();
  });

  it('says how the bucket is reached; the environment says the rest', async () => {
    expect(await placeOf('s3://models', {})).toEqual({
      bucket: 'models',
      prefix: '',
      region: 'us-east-1',
      pathStyle: false,
    });
    const environment = { AWS_ENDPOINT_URL: 'https://s3.example.com', AWS_REGION: 'eu-2' };
    expect(await placeOf('s3://my_models/a/b?path-style=false', environment)).toEqual({
      bucket: 'my_models',
      prefix: 'a/b/',
      region: 'eu-2',
      endpoint: 'https://s3.example.com',
      pathStyle: false,
    });
  });

  it.each([
    ['s3://', 'bucket'],
    ['s3://models?endpont=x', 'endpont'],
    ['s3://models?endpoint=localhost:9000', 'endpoint'],
    ['s3://models?path-style=yes', 'path-style'],
  ])('%s is wrong in %s', async (url, field) => {
    await expect(openObjectStore(url, {})).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', details: [{ field }] });
  });

  it('names certificates that are there', async () => {
    await expect(openObjectStore('s3://models?ca=/nowhere.pem', {})).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

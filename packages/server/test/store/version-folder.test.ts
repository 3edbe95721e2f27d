import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile as write } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWhole } from '../../src/store/new-folder.ts';
import { type FileDigest, listVersions, readManifest, verifyFile } from '../../src/store/version-folder.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'floe-store-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const written = (pieces: Iterable<Uint8Array>): Promise<FileDigest> =>
  createWhole(join(root, 'new'), (hidden) => hidden.write('file', pieces));

describe('a version folder', () => {
  it('appears only when it is whole', async () => {
    const folder = join(root, '1');
    await createWhole(folder, async (hidden) => {
      await hidden.write('a', [new Uint8Array([1, 2])]);
      expect(await listVersions(root)).toEqual([]);
    });
    expect(await readdir(folder)).toEqual(['a']);
  });

  it('leaves nothing behind where filling fails', async () => {
    const filling = createWhole(join(root, '1'), async (hidden) => {
      await hidden.write('a', [new Uint8Array([1])]);
      throw new Error('no more');
    });
    await expect(filling).rejects.toThrow('no more');
    expect(await readdir(root)).toEqual([]);
  });

  it('is never overwritten', async () => {
    await createWhole(join(root, '1'), async () => {});
    await expect(createWhole(join(root, '1'), async () => {})).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  });

  it('lists versions as numbers, whatever else lies there', async () => {
    for (const name of ['10', '9', 'x', '.2.1.ab']) await createWhole(join(root, name), async () => {});
    await write(join(root, '3'), '');
    expect(await listVersions(root)).toEqual([9, 10]);
  });

  it('without a manifest is no frozen version', async () => {
    await expect(readManifest(root)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a file', () => {
  it('is written in pieces and digested on the way', async () => {
    const pieces = Array.from({ length: 2000 }, (_, i) => new Uint8Array([i & 255]));
    const file = join(root, 'new/file');
    const digest = await written(pieces);
    expect(digest.bytes).toBe(2000);
    expect((await readFile(file)).subarray(0, 3)).toEqual(Buffer.from([0, 1, 2]));
    await verifyFile(file, digest);
  });

  it('takes pieces of any size, each only until the next one comes', async () => {
    const sizes = [3, 2 ** 20 - 1, 2 ** 20, 5, 0, 3 * 2 ** 20 + 7, 2 ** 20 + 1];
    const memory = new Uint8Array(4 * 2 ** 20);
    function* pieces(): Generator<Uint8Array> {
      for (const [i, size] of sizes.entries()) yield memory.subarray(0, size).fill(i + 1);
    }
    const digest = await written(pieces());
    const expected = Buffer.concat(sizes.map((size, i) => new Uint8Array(size).fill(i + 1)));
    expect((await readFile(join(root, 'new/file'))).equals(expected)).toBe(true);
    expect(digest).toEqual({
      bytes: expected.byteLength,
      sha256: createHash('sha256').update(expected).digest('hex'),
    });
  });

  it('that changed is told apart from one that was cut', async () => {
    const file = join(root, 'new/file');
    const digest = await written([new Uint8Array([1, 2, 3])]);
    await write(file, new Uint8Array([1, 2, 4]));
    await expect(verifyFile(file, digest)).rejects.toThrow('its content changed');
    await write(file, new Uint8Array([1]));
    await expect(verifyFile(file, digest)).rejects.toThrow('it has 1 bytes instead of 3');
  });
});

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diskError } from '../../src/store/disk-error.ts';
import { createWhole, discardUnfinished } from '../../src/store/new-folder.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'floe-store-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const failing = (code: string): Error => Object.assign(new Error(code), { code, path: '/models/m/1/frozen.pb' });

describe('a new folder', () => {
  it.each([
    ['a full disk', 'ENOSPC', 'RESOURCE_EXHAUSTED', 'the disk is full'],
    ['a folder that may not be written', 'EACCES', 'PERMISSION_DENIED', 'it may not be written'],
    ['a read-only file system', 'EROFS', 'PERMISSION_DENIED', 'the file system is read-only'],
  ])('on %s is a typed error', async (_, errno, code, reason) => {
    const filling = createWhole(join(root, '1'), () => Promise.reject(failing(errno)));
    await expect(filling).rejects.toMatchObject({
      code,
      message: `/models/m/1/frozen.pb cannot be written: ${reason}`,
      details: [{ file: '/models/m/1/frozen.pb' }],
    });
    expect(await readdir(root)).toEqual([]);
  });

  it('below a file is a typed error', async () => {
    await writeFile(join(root, 'file'), '');
    await expect(createWhole(join(root, 'file/1'), async () => {})).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('a part of the path is a file'),
    });
  });

  it('that a signal interrupts is gone at once', async () => {
    let hidden = '';
    await createWhole(join(root, '1'), async ({ path }) => {
      hidden = path;
      await writeFile(join(path, 'half'), '');
      discardUnfinished();
      expect(existsSync(path)).toBe(false);
      throw new Error('interrupted');
    }).catch(() => {});
    expect(hidden).not.toBe('');
    expect(await readdir(root)).toEqual([]);
  });

  it('takes away what a killed process left, but nothing that is young or may be written still', async () => {
    // No process has a number as high as that; this one runs.
    const names = ['.1.999999999.0123abcd', '.2.999999999.0123abcd', `.3.${process.pid}.0123abcd`, '.git'];
    const old = new Date(Date.now() - 2 * 60 * 60 * 1000);
    for (const name of names) await mkdir(join(root, name));
    for (const name of names) if (!name.startsWith('.2')) await utimes(join(root, name), old, old);
    await createWhole(join(root, '4'), async () => {});
    expect((await readdir(root)).sort()).toEqual([...names.slice(1), '4'].sort());
  });
});

it('what is no error of the file system stays as it is', () => {
  const error = new Error('other');
  expect(diskError(error, '/x')).toBe(error);
  expect(diskError(undefined, '/x')).toBe(undefined);
});

/** A disk that is full: what was being written is not there, what was there still is, and the error says so. Needs root, for a file system of its own. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ModelRepository } from '../../packages/server/src/registry/repository.ts';
import { VersionCache } from '../../packages/server/src/registry/version-cache.ts';
import { FolderObjects } from '../../packages/server/src/store/objects/folder.ts';
import { MemoryObjects } from '../../packages/server/src/store/objects/memory.ts';
import { writeDataset } from '../../packages/server/src/train/dataset.ts';
import { digitExamples } from '../../packages/server/test/support/digits-set.ts';
import { frozenDigits } from '../../packages/server/test/support/frozen-digits.ts';

const KB = 1024;
let folder = '';
let disk = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'floe-full-'));
  disk = join(folder, 'disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=600k', 'tmpfs', disk]);
});
afterAll(() => {
  execFileSync('umount', [disk]);
  rmSync(folder, { recursive: true });
});

const full = { code: 'RESOURCE_EXHAUSTED', message: expect.stringMatching(/full/) as string };

it('publishes a version whole, or not at all', async () => {
  const digits = await frozenDigits(folder);
  const repository = new ModelRepository(new FolderObjects(join(disk, 'models')));
  expect(await repository.publish('digits', digits, { by: 'ann' })).toBe(1);
  writeFileSync(join(disk, 'ballast'), Buffer.alloc(200 * KB));
  await expect(repository.publish('digits', digits, { by: 'ann' })).rejects.toMatchObject(full);
  expect(await repository.versions('digits')).toEqual([1]);
  await repository.bring('digits', 1, join(folder, 'brought'));
  rmSync(join(disk, 'ballast'));
  rmSync(join(disk, 'models'), { recursive: true });
});

it('brings a version whole, or not at all', async () => {
  const repository = new ModelRepository(new MemoryObjects());
  await repository.publish('digits', await frozenDigits(folder), { by: 'ann' });
  writeFileSync(join(disk, 'ballast'), Buffer.alloc(450 * KB));
  const cache = new VersionCache(join(disk, 'cache'), 1e9);
  await expect(cache.bring(repository, { model: 'digits', version: 1 })).rejects.toMatchObject(full);
  expect(await readdir(join(disk, 'cache/versions/digits'))).toEqual([]);
  rmSync(join(disk, 'ballast'));
  await cache.bring(repository, { model: 'digits', version: 1 });
  rmSync(join(disk, 'cache'), { recursive: true });
});

it('writes a dataset whole, or not at all', async () => {
  await expect(writeDataset(join(disk, 'set'), 'digits', await digitExamples(500))).rejects.toMatchObject(full);
  expect(await readdir(disk)).toEqual([]);
});

/** A disk that is full: what was being written is not there, what was there still is, and the error says so. Needs root, for a file system of its own. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Builder } from '../../packages/server/src/build/builder.ts';
import { CostModel } from '../../packages/server/src/cost/cost-model.ts';
import { MachineRate } from '../../packages/server/src/cost/machine-rate.ts';
import { openEngine } from '../../packages/server/src/engine/index.ts';
import type { Work } from '../../packages/server/src/queue/work.ts';
import { NO_CHANNELS } from '../../packages/server/src/registry/aspired.ts';
import { ModelRepository } from '../../packages/server/src/registry/repository.ts';
import { scanRoot } from '../../packages/server/src/registry/scan.ts';
import { VersionCache } from '../../packages/server/src/registry/version-cache.ts';
import { loadVersion } from '../../packages/server/src/servable/loaded.ts';
import { ServedModels } from '../../packages/server/src/servable/models.ts';
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

const UNSCHEDULED = {
  session: { intraOpThreads: 1 },
  costs: { open: async () => new CostModel(new MachineRate()), release: async () => {} },
  execute: ({ session, feeds, fetches }: Work) => session.run(feeds, fetches),
};
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

it('serves a version once there is room to compile it', async () => {
  const models = join(disk, 'models');
  cpSync(await frozenDigits(folder), join(models, 'digits/1'), { recursive: true });
  rmSync(join(models, 'digits/1/compiled'), { recursive: true });
  writeFileSync(join(disk, 'ballast'), Buffer.alloc(350 * KB));
  const engine = await openEngine({ kind: 'auto' });
  const builder = new Builder();
  let now = 0;
  const served = new ServedModels({
    load: (found) => loadVersion(found.folder, found, { ...UNSCHEDULED, engine, builder, cacheFolder: folder }),
    memory: () => ({ limitBytes: 1e12, usedBytes: 0 }),
    swap: 'unload-first',
    now: () => now,
    onChange: () => {},
  });
  const look = async (): Promise<boolean> => {
    const versions = (await scanRoot(models)).get('digits') ?? [];
    await served.aspire(new Map([['digits', { versions, channels: NO_CHANNELS }]]));
    return served.ready();
  };
  expect(await look()).toBe(false);
  expect(served.missing()).toMatch(/the disk is full/);
  rmSync(join(disk, 'ballast'));
  now = 2000;
  expect(await look()).toBe(true);
  await served.close();
  await builder.close();
  await engine.close();
  rmSync(models, { recursive: true });
});

it('writes a dataset whole, or not at all', async () => {
  await expect(writeDataset(join(disk, 'set'), 'digits', await digitExamples(500))).rejects.toMatchObject(full);
  expect(await readdir(disk)).toEqual([]);
});

/** Servers that share a cache on one machine, as pods of one node do; processes in containers have the same number. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ModelRepository } from '../../src/registry/repository.ts';
import { VersionCache } from '../../src/registry/version-cache.ts';
import { MemoryObjects } from '../../src/store/objects/memory.ts';
import { verifyFile } from '../../src/store/version-folder.ts';
import { frozenDigits } from '../support/frozen-digits.ts';

const SERVERS = 6;
const ROUNDS = 8;

let root = '';
let repository: ModelRepository;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'floe-shared-'));
  repository = new ModelRepository(new MemoryObjects());
  for (let n = 0; n < 2; n++) await repository.publish('digits', await frozenDigits(root), { by: 'ann' });
});
afterAll(() => rm(root, { recursive: true, force: true }));

it('each gets every version whole, whatever the others bring and let go of at that moment', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const folder = join(root, `cache-${round}`);
    const servers = Array.from({ length: SERVERS }, () => new VersionCache(folder, 1e9));
    const brought = servers.map(async (cache, n) => {
      const version = { model: 'digits', version: 1 + (n % 2) };
      const at = await cache.bring(repository, version);
      await cache.evict([version]);
      await cache.graph(repository, version);
      const { files, compiled } = await repository.manifest('digits', version.version);
      for (const [name, digest] of Object.entries({ ...files, ...compiled })) await verifyFile(join(at, name), digest);
      return at;
    });
    const folders = await Promise.all(brought);
    expect(new Set(folders).size).toBe(2);
  }
});

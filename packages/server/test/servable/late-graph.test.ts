/** A version of a repository serves without its frozen graph, which comes when somebody asks for what is not compiled. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Builder } from '../../src/build/builder.ts';
import type { Engine } from '../../src/core/engine.ts';
import { plainTerms } from '../../src/core/terms.ts';
import { CostModel } from '../../src/cost/cost-model.ts';
import { MachineRate } from '../../src/cost/machine-rate.ts';
import { openEngine } from '../../src/engine/index.ts';
import type { Work } from '../../src/queue/work.ts';
import { ModelRepository } from '../../src/registry/repository.ts';
import { VersionCache } from '../../src/registry/version-cache.ts';
import { type LoadedServable, loadVersion } from '../../src/servable/loaded.ts';
import { MemoryObjects } from '../../src/store/objects/memory.ts';
import { exists } from '../../src/store/version-folder.ts';
import { holdout } from '../support/digits.ts';
import { frozenDigits } from '../support/frozen-digits.ts';

const AT = { model: 'digits', version: 1 };

let root: string;
let engine: Engine;
let servable: LoadedServable;
let folder: string;
const builder = new Builder();
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'floe-late-'));
  engine = await openEngine({ kind: 'auto' });
  const repository = new ModelRepository(new MemoryObjects());
  await repository.publish(AT.model, await frozenDigits(root), { by: 'ann' });
  const cache = new VersionCache(join(root, 'cache'), 1e9);
  folder = await cache.bring(repository, AT);
  const deps = {
    engine,
    builder,
    session: { intraOpThreads: 1 },
    cacheFolder: join(root, 'compiled'),
    costs: { open: async () => new CostModel(new MachineRate()), release: async () => {} },
    execute: ({ session, feeds, fetches }: Work) => session.run(feeds, fetches),
  };
  servable = await loadVersion(folder, AT, deps, () => cache.graph(repository, AT));
});
afterAll(async () => {
  await servable.close();
  await builder.close();
  await engine.close();
  await rm(root, { recursive: true, force: true });
});

it('answers before the graph is there, and for any tensor of it', async () => {
  const { images } = await holdout(2);
  const ask = async (output: string): Promise<readonly number[] | undefined> => {
    const terms = plainTerms(new AbortController().signal);
    const [answer] = await servable.run({ inputs: new Map([['x', images]]), outputs: [output] }, terms);
    return answer?.tensor.shape;
  };
  const isThere = (): Promise<boolean> => exists(join(folder, 'frozen.pb'));
  expect([await ask('klass'), await isThere()]).toEqual([[2], false]);
  expect([await ask('pool2:0'), await isThere()]).toEqual([[2, 7, 7, 16], true]);
});

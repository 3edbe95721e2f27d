import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FloeError } from '@floe/graph/base';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Builder } from '../../src/build/builder.ts';
import type { SwapPolicy } from '../../src/core/config.ts';
import type { Engine } from '../../src/core/engine.ts';
import { plainTerms } from '../../src/core/terms.ts';
import { CostModel } from '../../src/cost/cost-model.ts';
import { MachineRate } from '../../src/cost/machine-rate.ts';
import { openEngine } from '../../src/engine/index.ts';
import type { Work } from '../../src/queue/work.ts';
import { aspiredVersions, type Channels, NO_CHANNELS } from '../../src/registry/aspired.ts';
import { scanRoot } from '../../src/registry/scan.ts';
import { estimateMemory } from '../../src/servable/lifecycle.ts';
import { loadVersion } from '../../src/servable/loaded.ts';
import { ServedModels } from '../../src/servable/models.ts';
import { digitsFolder, holdout, type ModelsFolder } from '../support/digits.ts';

let engine: Engine;
const builder = new Builder();
beforeAll(async () => {
  engine = await openEngine({ kind: 'auto' });
});
afterAll(async () => {
  await builder.close();
  await engine.close();
});

let folder: ModelsFolder;
let models: ServedModels;
let changes: string[];
let usedBytes: number;
let now: number;
beforeEach(async () => {
  folder = await digitsFolder();
  changes = [];
  usedBytes = 0;
  now = 0;
});
afterEach(async () => {
  await models.close();
  await folder.remove();
});

function serve(swap: SwapPolicy, limitBytes: number): void {
  const deps = {
    engine,
    builder,
    session: { intraOpThreads: 1 },
    cacheFolder: join(folder.root, '.cache'),
    ...UNSCHEDULED,
  };
  models = new ServedModels({
    load: (found) => loadVersion(found.folder, found, deps),
    memory: () => ({ limitBytes, usedBytes }),
    swap,
    now: () => now,
    onChange: (_model, { version, state }) => changes.push(`${version} ${state}`),
  });
}

async function look(channels: Channels = NO_CHANNELS): Promise<void> {
  const found = await scanRoot(folder.root);
  const aspired = [...found].map(
    ([name, versions]) => [name, { channels, versions: aspiredVersions(versions, channels, 1) }] as const,
  );
  await models.aspire(new Map(aspired));
}

const UNSCHEDULED = {
  costs: { open: async () => new CostModel(new MachineRate()), release: async () => {} },
  execute: ({ session, feeds, fetches }: Work) => session.run(feeds, fetches),
};

const one = estimateMemory(400_000);
const ask = async (): Promise<number> => {
  const { images } = await holdout(1);
  return models.use({ name: 'digits' }, async (servable) => {
    await servable.run({ inputs: new Map([['x', images]]) }, plainTerms(new AbortController().signal));
    return servable.version;
  });
};

const didNotLoad = (version: number) => ({
  code: 'NOT_FOUND',
  details: [{ field: 'model', reason: expect.stringMatching(new RegExp(`^version ${version} did not load: .+`)) }],
});
const notThere = { code: 'NOT_FOUND', details: [{ field: 'model' }] };

describe('the start', () => {
  it('lets requests wait until what is there serves, and refuses what is not there', async () => {
    serve('unload-first', 10 * one);
    const early = ask();
    const unknown = expect(models.use({ name: 'other' }, () => 0)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(models.ready()).toBe(false);
    await look();
    expect(await early).toBe(1);
    await unknown;
    expect(models.ready()).toBe(true);
  });

  it('tells requests that wait why what they wait for did not load', async () => {
    await rm(join(folder.root, 'digits/1/compiled'), { recursive: true });
    await writeFile(join(folder.root, 'digits/1/frozen.pb'), 'broken');
    serve('unload-first', 10 * one);
    const asked = [{ name: 'digits' }, { name: 'digits', version: 1 }, { name: 'digits', label: 'stable' }];
    const early = asked.map((ref) => expect(models.use(ref, () => 0)).rejects.toMatchObject(didNotLoad(1)));
    await look({ stable: 1, labels: {} });
    await Promise.all(early);
    await expect(models.use({ name: 'digits', version: 2 }, () => 0)).rejects.toMatchObject(notThere);
    await expect(models.use({ name: 'digits', label: 'none' }, () => 0)).rejects.toMatchObject(notThere);
  });

  it('refuses requests that wait when the server is closed before', async () => {
    serve('unload-first', 10 * one);
    const early = expect(ask()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await models.close();
    await early;
    expect(models.ready()).toBe(false);
  });
});

describe('readiness', () => {
  it('waits for every model that is there at the start, and says for which', async () => {
    await rm(join(folder.root, 'digits/1/compiled'), { recursive: true });
    await writeFile(join(folder.root, 'digits/1/frozen.pb'), 'broken');
    serve('unload-first', 10 * one);
    expect(models.missing()).toBe('the models are still loading');
    await look();
    expect(models.ready()).toBe(false);
    expect(models.missing()).toMatch(/^model digits version 1: .+/);
  });

  it('is not lost by a version or a model that comes later and is broken', async () => {
    serve('unload-first', 10 * one);
    await look();
    expect(models.ready()).toBe(true);
    await mkdir(join(folder.root, 'broken/1'), { recursive: true });
    await writeFile(join(folder.root, 'broken/1/saved_model.pb'), 'broken');
    await look();
    expect(models.status({ name: 'broken' })).toMatchObject([{ state: 'END' }]);
    expect(models.ready()).toBe(true);
    expect(models.missing()).toBe('');
  });

  it('ends when it drains, and requests are answered all the same', async () => {
    serve('unload-first', 10 * one);
    await look();
    const told: boolean[] = [];
    models.onChange(() => told.push(models.ready()));
    models.drain();
    expect(told).toEqual([false]);
    expect(await ask()).toBe(1);
  });

  it('says why nothing is known yet, and lets nobody wait for it', async () => {
    serve('unload-first', 10 * one);
    models.notFoundOut(new FloeError('UNAVAILABLE', 'the bucket is away'));
    await expect(ask()).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('bucket') });
    expect(models.missing()).toContain('the bucket is away');
    await look();
    expect(await ask()).toBe(1);
  });
});

describe('a swap', () => {
  it('loads the new version before the old one goes, where both fit', async () => {
    serve('unload-first', 10 * one);
    await look();
    await folder.addVersion(2);
    await look();
    expect(changes).toEqual(['1 LOADING', '1 AVAILABLE', '2 LOADING', '2 AVAILABLE', '1 UNLOADING', '1 END']);
  });

  it('unloads the old version first where only one fits, and requests wait for the new one', async () => {
    serve('unload-first', 1.5 * one);
    await look();
    usedBytes = one;
    await folder.addVersion(2);
    const looking = look();
    const answers: Promise<number>[] = [];
    while (!changes.includes('1 UNLOADING')) {
      answers.push(ask());
      await new Promise((resolve) => setImmediate(resolve));
    }
    answers.push(ask(), ask());
    await looking;
    const versions = await Promise.all(answers);
    expect(changes.slice(2)).toEqual(['1 UNLOADING', '1 END', '2 LOADING', '2 AVAILABLE']);
    expect(versions.at(-1)).toBe(2);
    expect(new Set(versions).size).toBeLessThanOrEqual(2);
  });

  it('is refused where only one fits and the policy says so', async () => {
    serve('refuse', 1.5 * one);
    await look();
    usedBytes = one;
    await folder.addVersion(2);
    await look();
    expect(models.status({ name: 'digits' })).toMatchObject([
      {
        version: 2,
        state: 'END',
        errorCode: 'RESOURCE_EXHAUSTED',
        errorMessage: expect.stringContaining('swap: refuse'),
      },
      { version: 1, state: 'AVAILABLE', errorCode: 'OK' },
    ]);
    expect(await ask()).toBe(1);
  });

  it('waits for the last request of the old version', async () => {
    serve('overlap', 0);
    await look();
    await folder.addVersion(2);
    let finish = (): void => {};
    const held = models.use({ name: 'digits' }, () => new Promise<void>((resolve) => (finish = resolve)));
    const looking = look();
    while (!changes.includes('1 UNLOADING')) await new Promise((resolve) => setImmediate(resolve));
    expect(await ask()).toBe(2);
    expect(changes).not.toContain('1 END');
    finish();
    await Promise.all([held, looking]);
    expect(changes.at(-1)).toBe('1 END');
  });

  it('is undone where the new version fails after the old one went', async () => {
    serve('unload-first', 1.5 * one);
    await look();
    usedBytes = one;
    await folder.addVersion(2);
    await rm(join(folder.root, 'digits/2/compiled'), { recursive: true });
    await writeFile(join(folder.root, 'digits/2/frozen.pb'), 'broken');
    await look();
    expect(changes.slice(2)).toEqual(['1 UNLOADING', '1 END', '2 LOADING', '2 END', '1 LOADING', '1 AVAILABLE']);
    expect(await ask()).toBe(1);
  });
});

describe('a version that failed', () => {
  const cache = (): string => join(folder.root, '.cache');
  /** Nobody makes anything there, not even root. */
  const UNWRITABLE = '/sys/kernel';
  beforeEach(async () => {
    await rm(join(folder.root, 'digits/1/compiled'), { recursive: true });
    await symlink(UNWRITABLE, join(folder.root, 'digits/1/compiled'));
    serve('unload-first', 10 * one);
  });

  it('since nothing could be written is tried again by later looks, and serves once it can', async () => {
    await symlink(UNWRITABLE, cache());
    await look();
    expect(models.status({ name: 'digits' })).toMatchObject([{ state: 'END', errorCode: 'PERMISSION_DENIED' }]);
    await look();
    now = 2000;
    await look();
    now = 5999;
    await rm(cache());
    await look();
    expect(changes).toEqual(['1 LOADING', '1 END', '1 LOADING', '1 END']);
    now = 6000;
    await look();
    expect(changes.slice(4)).toEqual(['1 LOADING', '1 AVAILABLE']);
    expect(await ask()).toBe(1);
  });

  it('since its graph is none is left alone until its files change', async () => {
    const graph = join(folder.root, 'digits/1/frozen.pb');
    const intact = await readFile(graph);
    await writeFile(graph, 'broken');
    await look();
    now = 1e9;
    await look();
    expect(changes).toEqual(['1 LOADING', '1 END']);
    await writeFile(graph, intact);
    await look();
    expect(await ask()).toBe(1);
  });

  it('since it did not fit is tried again, and serves once it does', async () => {
    usedBytes = 10 * one;
    await look();
    expect(models.status({ name: 'digits' })).toMatchObject([{ errorCode: 'RESOURCE_EXHAUSTED' }]);
    usedBytes = 0;
    now = 2000;
    await look();
    expect(await ask()).toBe(1);
  });
});

describe('a canary', () => {
  const trying = (percent: number): Channels => ({ stable: 1, canary: { version: 2, percent }, labels: {} });
  const whoAnswers = (name: string): Promise<string> =>
    models.use({ name: 'digits' }, ({ version }, isStable) => `${version} ${isStable}`, {
      caller: { name },
      requestId: 'r',
    });
  beforeEach(async () => {
    await folder.addVersion(2);
    serve('unload-first', 10 * one);
  });

  it('answers its share of callers beside the stable version, and the same ones every time', async () => {
    await look(trying(50));
    const names = Array.from({ length: 40 }, (_, n) => `caller-${n}`);
    const first = await Promise.all(names.map(whoAnswers));
    expect(new Set(first)).toEqual(new Set(['1 true', '2 false']));
    expect(await Promise.all(names.map(whoAnswers))).toEqual(first);
  });

  it('answers nobody who does not say who asks, and whoever asks for it by its label', async () => {
    await look(trying(100));
    expect(await ask()).toBe(1);
    expect(await models.use({ name: 'digits', label: 'canary' }, ({ version }) => version)).toBe(2);
    expect(await whoAnswers('anyone')).toBe('2 false');
  });

  it('is judged by a trial of its own, which ends with it', async () => {
    await look(trying(10));
    const trial = models.trial('digits');
    expect(trial?.version).toBe(2);
    await look(trying(10));
    expect(models.trial('digits')).toBe(trial);
    // What it did is counted from the start of each step.
    await look(trying(50));
    expect(models.trial('digits')).not.toBe(trial);
    await look({ stable: 2, labels: {} });
    expect(models.trial('digits')).toBeUndefined();
    expect(await whoAnswers('anyone')).toBe('2 true');
  });

  it('goes without a request lost when it is taken back', async () => {
    await look(trying(100));
    const answers = Array.from({ length: 8 }, (_, n) => whoAnswers(`caller-${n}`));
    await look({ stable: 1, labels: {} });
    expect(await Promise.all(answers)).toEqual(new Array(8).fill('2 false'));
    expect(await whoAnswers('caller-1')).toBe('1 true');
  });
});

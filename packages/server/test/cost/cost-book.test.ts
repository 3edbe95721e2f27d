import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { CostBook } from '../../src/cost/cost-book.ts';

const MACHINE = { cpu: 'Test CPU @ 3 GHz', cpus: 2, threads: 1 };

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'floe-cost-'));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const open = (folder: string, machine = MACHINE, said: string[] = []): Promise<CostBook> =>
  CostBook.open({ folder, machine, log: (message) => said.push(message) });

async function learn(book: CostBook): Promise<void> {
  const model = await book.open('mlp', 1e6);
  const shape = model.shape('float32[4]', 4);
  for (let i = 0; i < 20; i++) for (const rows of [1, 8]) model.observe(shape, rows, 0.002 + 0.001 * rows);
  shape.preferredRows = 8;
}

it('knows after a restart what it has learned, on the same kind of machine', async () => {
  await withFolder(async (folder) => {
    const first = await open(folder);
    await learn(first);
    await first.close();
    const again = await open(folder);
    const shape = (await again.open('mlp')).shape('float32[4]', 4);
    expect(shape.predict(8)).toBeCloseTo(0.01);
    expect([shape.overhead, shape.preferredRows]).toEqual([expect.closeTo(0.002), 8]);
    const [said] = again.describe()['mlp'] ?? [];
    expect(said).toMatchObject({ shape: 'float32[4]', preferredRows: 8, runs: 40 });
    expect(said?.secondsPerRow).toBeCloseTo(0.001);
    expect(again.flopsPerSecond).toBeCloseTo(first.flopsPerSecond);
    const elsewhere = await open(folder, { ...MACHINE, cpus: 4 });
    expect((await elsewhere.open('mlp')).shape('float32[4]', 4).observed).toBe(0);
    for (const book of [again, elsewhere]) await book.close();
  });
});

it('shares a model between its users and saves it with the last of them, if there is anything new', async () => {
  await withFolder(async (folder) => {
    const book = await open(folder);
    await learn(book);
    const model = await book.open('mlp');
    await book.release('mlp');
    expect(await book.open('mlp')).toBe(model);
    await book.release('mlp');
    expect(await readdir(folder)).toEqual([]);
    await book.release('mlp');
    const [machine = ''] = await readdir(folder);
    expect((await readdir(join(folder, machine))).sort()).toEqual(['machine.json', 'mlp.json']);
    expect(await book.open('mlp')).not.toBe(model);
    await book.close();
  });
});

it.each([
  ['of another version', (text: string) => text.replace('"version": 1', '"version": 2')],
  ['that makes no sense', (text: string) => text.replace(/"points": \[/, '"points": [[1, -1, 1],')],
  ['that is no JSON', () => '{'],
])('takes a file %s for none, and writes it anew', async (_, spoil) => {
  await withFolder(async (folder) => {
    const first = await open(folder);
    await learn(first);
    await first.close();
    const [machine = ''] = await readdir(folder);
    const file = join(folder, machine, 'mlp.json');
    await writeFile(file, spoil(await readFile(file, 'utf8')));
    const again = await open(folder);
    expect((await again.open('mlp')).shape('float32[4]', 4).observed).toBe(0);
    await learn(again);
    await again.close();
    expect(JSON.parse(await readFile(file, 'utf8')).version).toBe(1);
  });
});

it('says what it cannot write, and leaves nothing half written', async () => {
  await withFolder(async (folder) => {
    const said: string[] = [];
    const book = await open(folder, MACHINE, said);
    await learn(book);
    await book.save();
    const [machine = ''] = await readdir(folder);
    const file = join(folder, machine, 'mlp.json');
    await rm(file);
    await mkdir(file);
    await learn(book);
    await book.close();
    expect(said).toEqual([expect.stringContaining('costs of runs are not kept')]);
    expect((await readdir(join(folder, machine))).sort()).toEqual(['machine.json', 'mlp.json']);
  });
});

it('saves from time to time', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    await withFolder(async (folder) => {
      const book = (await open(folder)).saveEvery(60);
      await learn(book);
      expect(await readdir(folder)).toEqual([]);
      vi.advanceTimersByTime(60_000);
      // Behind the save that the timer began.
      await book.save();
      expect((await readdir(folder)).length).toBe(1);
      await book.close();
      expect(vi.getTimerCount()).toBe(0);
    });
  } finally {
    vi.useRealTimers();
  }
});

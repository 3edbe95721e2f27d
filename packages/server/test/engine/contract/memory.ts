import type { Tensor } from '@floe/graph';
import { expect, it } from 'vitest';
import type { Session } from '../../../src/core/engine.ts';
import type { Subject } from '../contract.ts';
import {
  EXTERNAL_BYTES,
  EXTERNAL_COLUMNS,
  EXTERNAL_ROWS,
  errorOf,
  floats,
  gatherFeeds,
  golden,
  numbers,
  ONE_THREAD,
  residentMegabytes,
  withExternalModel,
} from '../models.ts';
import { IDENTITY_OUTPUTS, identityFeeds } from './elements.ts';

const WEIGHTS = EXTERNAL_BYTES / 2 ** 20;
const LONG = 180_000;

function ones(): Map<string, Tensor> {
  return new Map([['x', floats([1, EXTERNAL_ROWS], new Array(EXTERNAL_ROWS).fill(1))]]);
}

async function expectSums(session: Session): Promise<void> {
  const [y] = await session.run(ones(), ['y']);
  expect(y?.shape).toEqual([1, EXTERNAL_COLUMNS]);
  expect(numbers(y).every((value) => value === EXTERNAL_ROWS / 2)).toBe(true);
}

export function memory(subject: Subject): void {
  it('holds one copy of the weights, however many runs are under way', () =>
    withExternalModel(EXTERNAL_BYTES, async (path) => {
      const before = residentMegabytes();
      const session = await subject().open(path, ONE_THREAD);
      await Promise.all(Array.from({ length: 30 }, () => expectSums(session)));
      const held = residentMegabytes() - before;
      // Packed for the CPU the weights are as large as they were; the rest is outputs of 0.2 MB and slack.
      expect(held).toBeLessThan(WEIGHTS * 1.6);
      await session.close();
    }));

  it('gives the memory of a closed session back, fifty times over', { timeout: LONG }, () =>
    withExternalModel(EXTERNAL_BYTES, async (path) => {
      const once = async (): Promise<void> => {
        const session = await subject().open(path, ONE_THREAD);
        await expectSums(session);
        await session.close();
      };
      for (let i = 0; i < 10; i++) await once();
      const before = residentMegabytes();
      for (let i = 0; i < 40; i++) await once();
      // One session of forty left behind would be a third of the process.
      expect(residentMegabytes() / before).toBeLessThan(1.2);
    }),
  );

  it('leaks nothing with 20,000 failed runs', { timeout: LONG }, async () => {
    const session = await subject().open(golden('gather'), ONE_THREAD);
    const fail = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i++) await errorOf(session.run(gatherFeeds(9), ['y']));
    };
    await fail(2000);
    const before = residentMegabytes();
    await fail(20_000);
    // The library's reports to its makers would hold 4 KB for each of these: 80 MB here.
    expect(residentMegabytes() / before).toBeLessThan(1.15);
    await session.close();
  });

  it('leaks nothing with 5,000 runs of every element type', { timeout: LONG }, async () => {
    const session = await subject().open(golden('identity'), ONE_THREAD);
    const feeds = identityFeeds([2, 2], (data) => data);
    const run = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i++) await session.run(feeds, IDENTITY_OUTPUTS);
    };
    await run(1000);
    const before = residentMegabytes();
    await run(5000);
    expect(residentMegabytes() / before).toBeLessThan(1.15);
    await session.close();
  });
}

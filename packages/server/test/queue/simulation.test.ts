/** What the order is for, in simulated time: small tasks hardly notice large ones, and nobody notices a flood but who makes it. */
import { expect, it } from 'vitest';
import { type Finished, flood, LARGE, mixedLoad, simulate, spread } from '../../../../bench/lib/simulation.ts';
import type { SchedulerOptions } from '../../src/queue/settings.ts';

const SIZE_FIRST: SchedulerOptions = { slots: 2, queueSeconds: 60 };
const FIFO: SchedulerOptions = { ...SIZE_FIRST, policy: 'fifo' };

const small = (finished: readonly Finished[]): Finished[] =>
  finished.filter(({ rows, caller }) => rows === 1 && caller === 'a');
const large = (finished: readonly Finished[]): Finished[] => finished.filter(({ rows }) => rows === LARGE);

it('makes small tasks of a mixed load several times faster, and large ones little slower', async () => {
  const load = mixedLoad({ load: 0.85, tasks: 15_000, seed: 1, slots: 2, caller: 'a' });
  const [fifo, sized] = await Promise.all([simulate(load, FIFO), simulate(load, SIZE_FIRST)]);
  expect(spread(small(fifo)).mean / spread(small(sized)).mean).toBeGreaterThan(8);
  expect(spread(small(fifo)).p99 / spread(small(sized)).p99).toBeGreaterThan(15);
  expect(spread(large(sized)).mean / spread(large(fifo)).mean).toBeLessThan(1.35);
});

it('lets a caller that floods the server wait for itself', async () => {
  const usual = mixedLoad({ load: 0.5, tasks: 6000, seed: 2, slots: 2, caller: 'a' });
  const [from, to] = [5, 10];
  const arrivals = [...usual, ...flood({ load: 1.5, from, to, seed: 3, slots: 2 })].sort((a, b) => a.at - b.at);
  const during = (finished: readonly Finished[]): Finished[] =>
    small(finished).filter(({ at }) => at > from && at < to);
  const [fifo, sized] = await Promise.all([simulate(arrivals, FIFO), simulate(arrivals, SIZE_FIRST)]);
  expect(spread(during(sized)).mean).toBeLessThan(2);
  expect(spread(during(fifo)).mean).toBeGreaterThan(100);
  expect(during(sized).every(({ took }) => Number.isFinite(took))).toBe(true);
});

it('runs something short beside long runs that cannot be cut', async () => {
  const load = mixedLoad({ load: 0.7, tasks: 10_000, seed: 4, slots: 2, caller: 'a' });
  const whole = { overhead: 0, perRow: 0.004, splits: false };
  const [fifo, sized] = await Promise.all([simulate(load, FIFO, whole), simulate(load, SIZE_FIRST, whole)]);
  expect(spread(small(fifo)).mean / spread(small(sized)).mean).toBeGreaterThan(3);
  expect(spread(small(sized)).most).toBeLessThan(LARGE);
});

it('hardly lets small tasks notice long runs on threads of low priority', async () => {
  const load = mixedLoad({ load: 0.85, tasks: 10_000, seed: 4, slots: 2, caller: 'a' });
  const world = { overhead: 0, perRow: 0.004, splits: false, behind: true };
  const [fifo, sized] = await Promise.all([simulate(load, FIFO, world), simulate(load, SIZE_FIRST, world)]);
  expect(spread(small(fifo)).mean / spread(small(sized)).mean).toBeGreaterThan(8);
  expect(spread(small(fifo)).p99 / spread(small(sized)).p99).toBeGreaterThan(15);
  expect(spread(large(sized)).mean / spread(large(fifo)).mean).toBeLessThan(1.35);
});

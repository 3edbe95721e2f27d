import { expect, it } from 'vitest';
import { type Load, lateness, refusal } from '../../src/queue/admission.ts';
import { RateLimits } from '../../src/queue/rate-limit.ts';

const LIMITS = { queueSeconds: 30, slots: 2 };

/** cost, load, and the seconds after which to come again; undefined: admitted. */
const CASES: readonly (readonly [string, number, Load, number | undefined])[] = [
  ['an empty queue takes anything', 100, { seconds: 0, callerSeconds: 0, callers: 1 }, undefined],
  ['one caller may fill the queue', 1, { seconds: 29, callerSeconds: 29, callers: 1 }, undefined],
  ['a full queue takes nothing', 2, { seconds: 30, callerSeconds: 0, callers: 2 }, 1],
  ['it is full by work, not by count', 4, { seconds: 28, callerSeconds: 28, callers: 1 }, 1],
  ['more than half a queue counts as half', 100, { seconds: 15, callerSeconds: 0, callers: 2 }, undefined],
  ['and waits until the queue is half empty', 100, { seconds: 17, callerSeconds: 0, callers: 2 }, 1],
  [
    'a caller may have more than its part while there is room',
    1,
    { seconds: 13, callerSeconds: 12, callers: 3 },
    undefined,
  ],
  ['but not of a queue that is half full', 1, { seconds: 16, callerSeconds: 13, callers: 3 }, 1],
  ['while the others come in', 1, { seconds: 16, callerSeconds: 3, callers: 3 }, undefined],
  ['and so does whoever has nothing in it', 12, { seconds: 16, callerSeconds: 0, callers: 3 }, undefined],
];

it.each(CASES)('%s', (_, cost, load, retryAfterSeconds) => {
  const error = refusal(cost, load, LIMITS);
  expect(error?.details).toEqual(retryAfterSeconds === undefined ? undefined : [{ retryAfterSeconds }]);
  expect(error?.code).toBe(retryAfterSeconds === undefined ? undefined : 'RESOURCE_EXHAUSTED');
});

it.each([
  ['has passed', 1000, 1000, 0, true],
  ['comes before its turn', 1000, 1500, 0.6, true],
  ['leaves time enough', 1000, 1500, 0.4, false],
  ['is none', 1000, Number.POSITIVE_INFINITY, 1e6, false],
])('refuses a task whose deadline %s', (_, now, deadline, wait, refused) => {
  expect(lateness(now, deadline, wait)?.code).toBe(refused ? 'DEADLINE_EXCEEDED' : undefined);
});

it('lets a caller with a rate send its rate, and one second of it at once', () => {
  const clock = { now: 0 };
  const limits = new RateLimits(() => clock.now);
  const caller = { name: 'shop', weight: 1, requestsPerSecond: 4 };
  const taken = (): boolean => {
    try {
      limits.take(caller);
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
      return false;
    }
  };
  expect(Array.from({ length: 5 }, taken)).toEqual([true, true, true, true, false]);
  clock.now = 250;
  expect([taken(), taken()]).toEqual([true, false]);
  clock.now = 10_000;
  expect(Array.from({ length: 5 }, taken)).toEqual([true, true, true, true, false]);
  expect(() => limits.take(caller)).toThrow(
    expect.objectContaining({ details: [{ retryAfterSeconds: 0.25 }] }) as Error,
  );
});

it('lets a slow caller send one request at a time, and others any number', () => {
  const limits = new RateLimits(() => 0);
  const slow = { name: 'slow', weight: 1, requestsPerSecond: 0.5 };
  limits.take(slow);
  expect(() => limits.take(slow)).toThrow('0.5 requests per second');
  for (let i = 0; i < 100; i++) limits.take({ name: 'any', weight: 1 });
});

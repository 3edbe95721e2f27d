import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clean, encode } from '../../src/jobs/encode.ts';
import type { Json } from '../../src/jobs/job.ts';
import { HORIZON_SECONDS, rankOf } from '../../src/jobs/rank.ts';
import { afterFailure, type Failure, type Verdict } from '../../src/jobs/verdict.ts';

describe('after a failure', () => {
  const TABLE: readonly [name: string, failure: Failure, verdict: Verdict][] = [
    [
      'the first is tried again after 5 s',
      { attempt: 1, lastAttempt: 3, attempts: 3, keptIn: 0, code: 'INTERNAL' },
      again(5, 3),
    ],
    [
      'the second after twice that',
      { attempt: 2, lastAttempt: 3, attempts: 3, keptIn: 0, code: 'INTERNAL' },
      again(10, 3),
    ],
    ['the last is dead', { attempt: 3, lastAttempt: 3, attempts: 3, keptIn: 0, code: 'INTERNAL' }, { next: 'dead' }],
    [
      'none waits longer than 10 min',
      { attempt: 19, lastAttempt: 20, attempts: 20, keptIn: 0, code: 'INTERNAL' },
      again(600, 20),
    ],
    [
      'a wrong payload is dead at once',
      { attempt: 1, lastAttempt: 3, attempts: 3, keptIn: 0, code: 'INVALID_ARGUMENT' },
      { next: 'dead' },
    ],
    [
      'a silent worker makes nobody wait',
      { attempt: 1, lastAttempt: 3, attempts: 3, keptIn: 0, code: 'lost' },
      again(0, 3),
    ],
    [
      'the last silent worker ends it',
      { attempt: 3, lastAttempt: 3, attempts: 3, keptIn: 0, code: 'lost' },
      { next: 'dead' },
    ],
    [
      'a stopped worker counts for nothing',
      { attempt: 3, lastAttempt: 3, attempts: 3, keptIn: 0, code: 'stopped' },
      again(0, 4),
    ],
    [
      'nor does a silent one where the job got on',
      { attempt: 3, lastAttempt: 3, attempts: 3, keptIn: 3, code: 'lost' },
      again(0, 4),
    ],
    [
      'but one where it did so only before',
      { attempt: 3, lastAttempt: 3, attempts: 3, keptIn: 2, code: 'lost' },
      { next: 'dead' },
    ],
    [
      'and getting on excuses no failure of its own',
      { attempt: 3, lastAttempt: 3, attempts: 3, keptIn: 3, code: 'INTERNAL' },
      { next: 'dead' },
    ],
    [
      'queued by hand it begins anew',
      { attempt: 4, lastAttempt: 6, attempts: 3, keptIn: 0, code: 'INTERNAL' },
      again(5, 6),
    ],
  ];
  it.each(TABLE)('%s', (_, failure, verdict) => {
    expect(afterFailure(failure)).toEqual(verdict);
  });
});

function again(delaySeconds: number, lastAttempt: number): Verdict {
  return { next: 'queued', delaySeconds, lastAttempt };
}

describe('the rank of a job', () => {
  const DAY = Date.UTC(2026, 10, 26) / 1000;
  const rank = (at: number, cost: number, more = {}): number =>
    rankOf({ at: DAY + at, cost, own: cost, all: cost, share: 1, weight: 1, ...more });

  it('is higher for the smaller of two', () => {
    expect(rank(0, 60)).toBeGreaterThan(rank(0, 61));
  });

  it('is higher for the earlier of two of a size', () => {
    expect(rank(0, 60)).toBeGreaterThan(rank(1, 60));
  });

  it('of a large one passes that of every small one that comes a day later', () => {
    expect(rank(0, 1e9)).toBeGreaterThan(rank(HORIZON_SECONDS + 1, 0));
  });

  it('falls with what its caller has unfinished over its share', () => {
    expect(rank(0, 60, { own: 600, all: 660, share: 0.5 })).toBeLessThan(rank(0, 60));
  });

  it('is a whole number of 32 bits, in an order that time and size never turn round, until 2060', () => {
    const seconds = fc.double({ min: 0, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(seconds, seconds, seconds, (at, cost, more) => {
        const ranks = [rank(at, cost), rank(at + more, cost), rank(at, cost + more)];
        for (const one of ranks) expect(one === Math.trunc(one) && Math.abs(one) < 2 ** 31).toBe(true);
        expect(ranks[1]).toBeLessThanOrEqual(ranks[0] as number);
        expect(ranks[2]).toBeLessThanOrEqual(ranks[0] as number);
      }),
    );
  });
});

describe('what is written to the database', () => {
  it('is JSON that PostgreSQL takes, whatever it holds', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = encode(value as Json, 'payload', Number.POSITIVE_INFINITY);
        expect(text).not.toMatch(/(^|[^\\])(\\\\)*\\u(0000|d[89a-f])/i);
        JSON.parse(text);
      }),
    );
  });

  it('keeps text that is right as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!text.includes('\0'));
        expect(clean(text)).toBe(text);
      }),
    );
  });
});

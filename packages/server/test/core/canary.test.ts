import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Asker, answersFrom } from '../../src/core/canary.ts';
import { ANONYMOUS } from '../../src/core/terms.ts';

const asker = (name: string, requestId: string, sticky?: string): Asker => ({
  caller: { name },
  requestId,
  ...(sticky === undefined ? {} : { sticky }),
});
const canary = (percent: number, version = 2) => ({ version, percent });
const share = (percent: number, of: (n: number) => Asker): number => {
  let chosen = 0;
  for (let n = 0; n < 10_000; n++) if (answersFrom(canary(percent), 'digits', of(n))) chosen++;
  return chosen / 100;
};

describe('who is answered by a canary', () => {
  it('is nobody at 0 % and everybody at 100 %', () => {
    expect(share(0, (n) => asker(ANONYMOUS, `r${n}`))).toBe(0);
    expect(share(100, (n) => asker(ANONYMOUS, `r${n}`))).toBe(100);
  });

  it("is about the share of callers, of whom they ask for, and of unknown callers' requests", () => {
    for (const percent of [1, 10, 50]) {
      for (const of of [
        (n: number) => asker(`caller-${n}`, 'r'),
        (n: number) => asker('gateway', 'r', `user-${n}`),
        (n: number) => asker(ANONYMOUS, `r-${n}`),
      ]) {
        const got = share(percent, of);
        expect(got).toBeGreaterThan(percent - 1.5);
        expect(got).toBeLessThan(percent + 1.5);
      }
    }
  });

  it('is the same caller whatever the request, and stays so as the share grows', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.string(),
        fc.integer({ min: 0, max: 100 }),
        (name, one, other, percent) => {
          const first = answersFrom(canary(percent), 'm', asker(`c${name}`, one));
          expect(answersFrom(canary(percent), 'm', asker(`c${name}`, other))).toBe(first);
          if (first) expect(answersFrom(canary(Math.min(100, percent + 5)), 'm', asker(`c${name}`, other))).toBe(true);
        },
      ),
    );
  });

  it('are others for another version and another model', () => {
    const callers = Array.from({ length: 1000 }, (_, n) => asker(`caller-${n}`, ''));
    const both = callers.filter((one) => answersFrom(canary(50, 2), 'm', one) && answersFrom(canary(50, 3), 'm', one));
    const models = callers.filter((one) => answersFrom(canary(50), 'a', one) && answersFrom(canary(50), 'b', one));
    for (const { length } of [both, models]) expect(Math.abs(length - 250)).toBeLessThan(60);
  });
});

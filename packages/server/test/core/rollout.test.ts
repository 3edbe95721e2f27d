import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CanaryFacts } from '../../src/core/canary-health.ts';
import { nextStep, ROLLOUT } from '../../src/core/rollout.ts';
import type { Health } from '../../src/core/trial.ts';

const health = (answers: number, failures = 0, p95 = 0.004, uncertain = 1): Health => ({
  answers,
  failures,
  p95: { value: p95, low: p95 / uncertain, high: p95 * uncertain },
});
const facts = (canary: Health, stable = health(10_000), live?: [number, number, number, number]): CanaryFacts => ({
  canary,
  stable,
  ...(live === undefined
    ? {}
    : { live: { canary: { right: live[0], labels: live[1] }, stable: { right: live[2], labels: live[3] } } }),
});

describe('a version on trial', () => {
  const table: [string, number, CanaryFacts, string, RegExp][] = [
    ['stays while too few have asked', 1, facts(health(99)), 'stay', /99 of at least 100/],
    ['gets its next share once enough went well', 1, facts(health(100)), 'advance 10', /100 of/],
    ['gets the share after that', 10, facts(health(500)), 'advance 50', /500 of/],
    ['goes on from a share that is no step', 30, facts(health(500)), 'advance 50', /500 of/],
    ['becomes stable after the last share', 50, facts(health(500)), 'finish', /500 of/],
    ['goes back when its failures cannot be chance', 50, facts(health(90, 10)), 'roll-back', /10\.0 % .* fail/],
    ['goes back even before enough have asked', 1, facts(health(0, 8)), 'roll-back', /100\.0 % .* fail/],
    ['stays while a failure may be chance', 1, facts(health(98, 2)), 'stay', /2\.0 % .* fail, at most 1\.0 %/],
    ['may fail as the stable one fails', 1, facts(health(95, 5), health(9500, 500)), 'advance 10', /fail/],
    ['goes back when it is slow', 10, facts(health(500, 0, 0.009)), 'roll-back', /p95 is 2\.25 times/],
    ['stays while it may be chance that it is slow', 10, facts(health(500, 0, 0.009, 2)), 'stay', /p95 is 2\.25 times/],
    [
      'is not called slow before anybody knows how fast the other is',
      10,
      facts(health(500, 0, 0.009), health(500, 0, 0.004, Number.POSITIVE_INFINITY)),
      'stay',
      /p95/,
    ],
    [
      'is not called slow where nothing ran',
      10,
      facts({ answers: 500, failures: 0, p95: undefined }),
      'advance 50',
      /no runs/,
    ],
    [
      'goes back when users say so',
      10,
      facts(health(500), undefined, [60, 100, 900, 1000]),
      'roll-back',
      /call 60\.0 %/,
    ],
    ['stays while users may be unlucky', 10, facts(health(500), undefined, [86, 100, 900, 1000]), 'stay', /call 86/],
    ['does not hear the first users', 10, facts(health(500), undefined, [0, 49, 900, 1000]), 'advance 50', /500 of/],
  ];
  for (const [what, percent, seen, expected, reason] of table) {
    it(what, () => {
      const step = nextStep({ percent, facts: seen }, ROLLOUT);
      expect(step.action + (step.action === 'advance' ? ` ${step.percent}` : '')).toBe(expected);
      expect(step.reasons.join('; ')).toMatch(reason);
    });
  }

  it('never gets a smaller share, and is always told why', () => {
    const count = fc.nat({ max: 2000 });
    const property = fc.property(fc.integer({ min: 0, max: 100 }), count, count, (percent, answers, failures) => {
      const step = nextStep({ percent, facts: facts(health(answers, failures)) }, ROLLOUT);
      expect(step.reasons).not.toHaveLength(0);
      if (step.action === 'advance') expect(step.percent).toBeGreaterThan(percent);
    });
    fc.assert(property);
  });
});

import { describe, expect, it } from 'vitest';
import { decidePromotion, PROMOTION, type PromotionFacts, type Score } from '../../src/core/promotion.ts';
import type { Health } from '../../src/core/trial.ts';

const score = (value: number, holdout = 'a'): Score => ({ metric: 'accuracy', value, n: 1000, holdout });
const health = (answers: number, failures = 0): Health => ({
  answers,
  failures,
  p95: { value: 0.01, low: 0.01, high: 0.01 },
});
const good: PromotionFacts = {
  hasStable: true,
  candidate: score(0.92),
  stable: score(0.9),
  drift: { meanAbsolute: 0.02, disagreement: 0.05 },
  trial: { canary: health(500), stable: health(5000) },
};
const without = (...names: (keyof PromotionFacts)[]): PromotionFacts =>
  Object.fromEntries(Object.entries(good).filter(([name]) => !names.some((one) => one === name))) as never;

describe('a new version', () => {
  const table: [string, PromotionFacts, string, RegExp][] = [
    ['is promoted when it is better, near and healthy', good, 'promote', /accuracy 0\.9200 on 1000/],
    ['may lack a little', { ...good, candidate: score(0.895) }, 'promote', /at least 0\.8950/],
    ['is refused when it lacks more', { ...good, candidate: score(0.8949) }, 'refuse', /at least 0\.8950/],
    ['waits for its evaluation', without('candidate'), 'wait', /not been evaluated/],
    ["waits for the stable one's", without('stable'), 'wait', /stable version has not been evaluated/],
    ['is not judged by other examples', { ...good, candidate: score(0.99, 'b') }, 'wait', /same examples/],
    ['is refused when its scores are no numbers', { ...good, candidate: score(Number.NaN) }, 'refuse', /no number/],
    [
      'is refused when its scores drift',
      { ...good, drift: { meanAbsolute: 0.3, disagreement: 0 } },
      'refuse',
      /0\.3000/,
    ],
    ['is refused when classes differ', { ...good, drift: { meanAbsolute: 0, disagreement: 0.4 } }, 'refuse', /40\.0 %/],
    [
      'is refused when the drift is no number',
      { ...good, drift: { meanAbsolute: Number.NaN, disagreement: 0 } },
      'refuse',
      /NaN/,
    ],
    ['waits for the comparison', without('drift'), 'wait', /not been compared/],
    ['waits for a trial', without('trial'), 'wait', /no trial/],
    [
      'waits until enough have asked',
      { ...good, trial: { canary: health(5), stable: health(50) } },
      'wait',
      /5 of at least/,
    ],
    [
      'is refused when it fails on trial',
      { ...good, trial: { canary: health(50, 50), stable: health(500) } },
      'refuse',
      /fail/,
    ],
    ['is promoted when it is the first', { hasStable: false, candidate: score(0.5) }, 'promote', /nothing is stable/],
    ['is not promoted unmeasured, even as the first', { hasStable: false }, 'wait', /not been evaluated/],
  ];
  for (const [what, facts, expected, reason] of table) {
    it(what, () => {
      const { decision, checks } = decidePromotion(facts, PROMOTION);
      expect(decision).toBe(expected);
      expect(checks.map((check) => check.reason).join('; ')).toMatch(reason);
    });
  }

  it('is promoted by a person who answers for it, and the checks still say what they found', () => {
    const by = { by: 'ann', why: 'the holdout is stale' };
    const overruled = decidePromotion({ ...good, candidate: score(0.5) }, PROMOTION, by);
    expect(overruled).toMatchObject({ decision: 'promote', override: by });
    expect(overruled.checks.find(({ check }) => check === 'accuracy')?.state).toBe('failed');
  });

  it('names nobody where the checks decided', () => {
    expect(decidePromotion(good, PROMOTION, { by: 'ann', why: 'sure' })).not.toHaveProperty('override');
  });
});

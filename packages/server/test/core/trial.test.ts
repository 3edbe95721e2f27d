import { describe, expect, it } from 'vitest';
import { Trial } from '../../src/core/trial.ts';

describe('a trial', () => {
  it('counts the canary apart from the version that it may replace', () => {
    const trial = new Trial(2);
    trial.answered(2, 0.001);
    trial.answered(1, undefined);
    trial.answered(1, 0.001);
    trial.failed(2, 'INTERNAL');
    const { canary, stable } = trial.health();
    expect(canary).toMatchObject({ answers: 1, failures: 1 });
    expect(stable).toMatchObject({ answers: 2, failures: 0 });
  });

  it('blames no version for callers that leave, deadlines and load', () => {
    const trial = new Trial(2);
    for (const code of ['CANCELLED', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED'] as const) trial.failed(2, code);
    expect(trial.health().canary.failures).toBe(0);
  });

  it('knows the time of 95 % of the runs to a fifth, and none before the first run', () => {
    const trial = new Trial(2);
    expect(trial.health().canary.p95).toBeUndefined();
    for (let ms = 1; ms <= 100; ms++) trial.answered(2, ms / 1000);
    trial.answered(1, 0);
    trial.answered(1, 1e9);
    const { canary, stable } = trial.health();
    expect(canary.p95?.value).toBeGreaterThanOrEqual(0.095);
    expect(canary.p95?.value).toBeLessThan(0.095 * 1.2);
    expect(stable.p95?.value).toBeGreaterThan(1);
  });

  it('knows it better the more runs there were', () => {
    const trial = new Trial(2);
    const run = (times: number): void => {
      for (let n = 0; n < times; n++) trial.answered(2, (1 + (n % 100)) / 1000);
    };
    run(100);
    const few = trial.health().canary.p95;
    expect(few?.high).toBe(Number.POSITIVE_INFINITY);
    expect(few?.low).toBeLessThan(0.095);
    run(9900);
    const many = trial.health().canary.p95;
    expect(many?.low).toBeGreaterThan(0.09);
    expect(many?.high).toBeLessThan(0.13);
  });
});

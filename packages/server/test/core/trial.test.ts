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
    expect(canary.p95).toBeGreaterThanOrEqual(0.095);
    expect(canary.p95).toBeLessThan(0.095 * 1.2);
    expect(stable.p95).toBeGreaterThan(1);
  });
});

/**
 * What becomes of a version on trial: a larger share step by step, all of it, or nothing any more. Who is answered by it at a share is
 * `answersFrom` in `canary.ts`; what it did is counted from the start of the step.
 *
 *   nextStep({ percent: 10, facts }, ROLLOUT) -> { action: 'advance', percent: 50, reasons: [...] }
 */
import { CANARY_LIMITS, type CanaryFacts, type CanaryLimits, judgeCanary } from './canary-health.ts';

export interface RolloutPlan {
  /** Shares in percent, rising; after the last one the version becomes stable. */
  readonly steps: readonly number[];
  readonly limits: CanaryLimits;
}

export const ROLLOUT: RolloutPlan = { steps: [1, 10, 50], limits: CANARY_LIMITS };

export interface RolloutState {
  /** Share that it has, 0..100. */
  readonly percent: number;
  readonly facts: CanaryFacts;
}

export type RolloutStep =
  | { readonly action: 'advance'; readonly percent: number; readonly reasons: readonly string[] }
  | { readonly action: 'finish' | 'stay' | 'roll-back'; readonly reasons: readonly string[] };

export function nextStep({ percent, facts }: RolloutState, { steps, limits }: RolloutPlan): RolloutStep {
  const { state, reasons } = judgeCanary(facts, limits);
  switch (state) {
    case 'sick':
      return { action: 'roll-back', reasons };
    case 'unknown':
      return { action: 'stay', reasons };
    case 'healthy': {
      const next = steps.find((step) => step > percent);
      return next === undefined ? { action: 'finish', reasons } : { action: 'advance', percent: next, reasons };
    }
  }
}

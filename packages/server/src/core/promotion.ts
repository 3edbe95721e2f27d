/**
 * Whether a new version may take the place of the stable one: it is as good on the same holdout, its answers have not drifted away, and on
 * trial it is healthy. Every check says what it found. A person may overrule what is said; that is said too.
 */
import { CANARY_LIMITS, type CanaryFacts, type CanaryLimits, judgeCanary } from './canary-health.ts';

/** What an evaluation measured: higher is better. */
export interface Score {
  readonly metric: string;
  readonly value: number;
  readonly n: number;
  /** Digest of the examples held out. */
  readonly holdout: string;
}

/** How far answers of the two versions are apart, on the same inputs. */
export interface Drift {
  /** Mean absolute difference of the scores. */
  readonly meanAbsolute: number;
  /** Share of the rows that get another class. */
  readonly disagreement: number;
}

export interface PromotionFacts {
  /** Absent: not measured. */
  readonly candidate?: Score;
  /** Absent where no version is stable yet. */
  readonly stable?: Score;
  readonly hasStable: boolean;
  readonly drift?: Drift;
  /** Absent before there is a trial. */
  readonly trial?: CanaryFacts;
}

export interface PromotionTerms {
  /** What the score may lack. */
  readonly tolerance: number;
  readonly mostDrift: Drift;
  readonly canary: CanaryLimits;
}

export const PROMOTION: PromotionTerms = {
  tolerance: 0.005,
  mostDrift: { meanAbsolute: 0.25, disagreement: 0.35 },
  canary: CANARY_LIMITS,
};

/** Somebody who answers for it. */
export interface Override {
  readonly by: string;
  readonly why: string;
}

export interface Check {
  readonly check: 'accuracy' | 'drift' | 'canary';
  readonly state: 'passed' | 'unknown' | 'failed';
  readonly reason: string;
}

export interface PromotionDecision {
  /** `wait` until more is known; `refuse` for good. */
  readonly decision: 'promote' | 'wait' | 'refuse';
  readonly checks: readonly Check[];
  /** Who decided against the checks, and why; absent where the checks decided. */
  readonly override?: Override;
}

export function decidePromotion(facts: PromotionFacts, terms: PromotionTerms, override?: Override): PromotionDecision {
  const checks = [accuracy(facts, terms), drift(facts, terms), canary(facts, terms)];
  const states = checks.map(({ state }) => state);
  const decision = states.includes('failed') ? 'refuse' : states.includes('unknown') ? 'wait' : 'promote';
  if (override === undefined || decision === 'promote') return { decision, checks };
  return { decision: 'promote', checks, override };
}

function accuracy({ candidate, stable, hasStable }: PromotionFacts, { tolerance }: PromotionTerms): Check {
  const found = (state: Check['state'], reason: string): Check => ({ check: 'accuracy', state, reason });
  if (candidate === undefined) return found('unknown', 'the version has not been evaluated');
  const said = `${candidate.metric} ${candidate.value.toFixed(4)} on ${candidate.n} examples held out`;
  if (!Number.isFinite(candidate.value)) return found('failed', `${candidate.metric} is no number`);
  if (!hasStable) return found('passed', `${said}; nothing is stable yet`);
  if (stable === undefined) return found('unknown', 'the stable version has not been evaluated');
  if (stable.holdout !== candidate.holdout || stable.metric !== candidate.metric)
    return found('unknown', 'the two versions were not measured by the same examples held out');
  const least = stable.value - tolerance;
  const isEnough = candidate.value >= least;
  return found(isEnough ? 'passed' : 'failed', `${said}, at least ${least.toFixed(4)} is asked`);
}

function drift({ drift: found, hasStable }: PromotionFacts, { mostDrift }: PromotionTerms): Check {
  if (!hasStable) return { check: 'drift', state: 'passed', reason: 'nothing is stable yet' };
  if (found === undefined) return { check: 'drift', state: 'unknown', reason: 'the answers have not been compared' };
  const { meanAbsolute, disagreement } = found;
  // Written so that NaN fails.
  const isNear = meanAbsolute <= mostDrift.meanAbsolute && disagreement <= mostDrift.disagreement;
  const reason =
    `scores differ by ${meanAbsolute.toFixed(4)} (at most ${mostDrift.meanAbsolute}), ` +
    `classes in ${(100 * disagreement).toFixed(1)} % (at most ${(100 * mostDrift.disagreement).toFixed(1)} %)`;
  return { check: 'drift', state: isNear ? 'passed' : 'failed', reason };
}

const CANARY_STATES = { healthy: 'passed', unknown: 'unknown', sick: 'failed' } as const;

function canary({ trial, hasStable }: PromotionFacts, terms: PromotionTerms): Check {
  if (!hasStable) return { check: 'canary', state: 'passed', reason: 'nothing is stable yet' };
  if (trial === undefined) return { check: 'canary', state: 'unknown', reason: 'there has been no trial' };
  const { state, reasons } = judgeCanary(trial, terms.canary);
  return { check: 'canary', state: CANARY_STATES[state], reason: reasons.join('; ') };
}

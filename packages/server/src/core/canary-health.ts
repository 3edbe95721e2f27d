/**
 * Whether a version on trial does as well as the one that it may replace: failures, time of runs, and users' corrections. Few answers prove
 * nothing: it is sick where even the kindest reading of what was counted is over a limit, and healthy where enough was counted and no
 * figure is.
 */
import { lowerBound, upperBound } from './accuracy.ts';
import type { Health } from './trial.ts';

/** Answers that users called right, of those that they labelled. */
export interface LiveCount {
  readonly right: number;
  readonly labels: number;
}

export interface CanaryFacts {
  readonly canary: Health;
  readonly stable: Health;
  readonly live?: { readonly canary: LiveCount; readonly stable: LiveCount };
}

export interface CanaryLimits {
  /** Answers of the canary, failures counted, below which it is not called healthy. */
  readonly fewest: number;
  /** Share of failures that the canary may have above the stable version's. */
  readonly moreFailures: number;
  /** The canary's p95 may be so many times the stable version's. */
  readonly slower: number;
  /** Labels of the canary from which on its live accuracy counts. */
  readonly fewestLabels: number;
  /** Live accuracy that the canary may lack. */
  readonly tolerance: number;
}

export const CANARY_LIMITS: CanaryLimits = {
  fewest: 100,
  moreFailures: 0.01,
  slower: 1.5,
  fewestLabels: 50,
  tolerance: 0.02,
};

export type CanaryState = 'healthy' | 'unknown' | 'sick';

export interface CanaryVerdict {
  readonly state: CanaryState;
  /** What is over a limit, or what is not known yet; all figures where it is healthy. */
  readonly reasons: readonly string[];
}

interface Finding {
  readonly state: CanaryState;
  readonly reason: string;
}

export function judgeCanary(facts: CanaryFacts, limits: CanaryLimits): CanaryVerdict {
  const findings = [amount(facts, limits), failures(facts, limits), latency(facts, limits), ...live(facts, limits)];
  const states = findings.map(({ state }) => state);
  const state = states.includes('sick') ? 'sick' : states.includes('unknown') ? 'unknown' : 'healthy';
  return { state, reasons: findings.filter((one) => one.state === state).map(({ reason }) => reason) };
}

function asked({ answers, failures }: Health): number {
  return answers + failures;
}

function amount({ canary }: CanaryFacts, { fewest }: CanaryLimits): Finding {
  const n = asked(canary);
  return { state: n < fewest ? 'unknown' : 'healthy', reason: `${n} of at least ${fewest} answers` };
}

function failures({ canary, stable }: CanaryFacts, { moreFailures }: CanaryLimits): Finding {
  const usual = asked(stable) === 0 ? 0 : stable.failures / asked(stable);
  const most = usual + moreFailures;
  const share = canary.failures / Math.max(1, asked(canary));
  const isProved = lowerBound(canary.failures, asked(canary)) > most;
  const state = isProved ? 'sick' : share > most ? 'unknown' : 'healthy';
  return { state, reason: `${percent(share)} of its answers fail, at most ${percent(most)} may` };
}

function latency({ canary, stable }: CanaryFacts, { slower }: CanaryLimits): Finding {
  if (canary.p95 === undefined || stable.p95 === undefined) return { state: 'healthy', reason: 'no runs to compare' };
  const ratio = canary.p95.value / stable.p95.value;
  const isProved = canary.p95.low / stable.p95.high > slower;
  const state = isProved ? 'sick' : ratio > slower ? 'unknown' : 'healthy';
  return { state, reason: `its p95 is ${ratio.toFixed(2)} times the stable one's, at most ${slower} may be` };
}

function live({ live: counts }: CanaryFacts, { fewestLabels, tolerance }: CanaryLimits): readonly Finding[] {
  if (counts === undefined || counts.canary.labels < fewestLabels || counts.stable.labels < fewestLabels) return [];
  const { canary, stable } = counts;
  const least = stable.right / stable.labels - tolerance;
  const share = canary.right / canary.labels;
  const isProved = upperBound(canary.right, canary.labels) < least;
  const state = isProved ? 'sick' : share < least ? 'unknown' : 'healthy';
  return [{ state, reason: `users call ${percent(share)} right, at least ${percent(least)} have to be` }];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

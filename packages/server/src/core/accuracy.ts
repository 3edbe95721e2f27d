/**
 * How well a version answers, and who knows it. What is stated (by the manifest, or by a manager's explicit call) counts at once; the
 * live figure comes from feedback and counts by its lower confidence bound, once there are enough labels.
 */

/** What feedback says of a version so far. */
export interface LiveFigure {
  /** Lower confidence bound of the share of answers that were right, in 0..1; see `lowerBound`. */
  readonly lowerBound: number;
  readonly labels: number;
}

export interface AccuracyFigures {
  /** In 0..1; absent where nobody has measured it. */
  readonly stated?: number;
  readonly live?: LiveFigure;
}

/** A port: whoever keeps measured accuracy (manifests, the admin API, feedback) implements it. */
export interface AccuracySource {
  of(model: string, version: number): AccuracyFigures;
  /** Calls `listener` after every change of a version's figures. */
  subscribe(listener: (model: string, version: number) => void): void;
}

/** 95 %: one-sided for a bound, two-sided for an interval. */
const ONE_SIDED = 1.6449;
const TWO_SIDED = 1.96;

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Lower bound of the Wilson score interval for `right` of `labels`; 0 without labels. */
export function lowerBound(right: number, labels: number): number {
  return wilson(right, labels, ONE_SIDED).low;
}

/** Its upper bound; 1 without labels. */
export function upperBound(right: number, labels: number): number {
  return wilson(right, labels, ONE_SIDED).high;
}

/** Where the share that `right` of `n` estimates lies, with 95 %. */
export function confidenceInterval(right: number, n: number): Interval {
  return wilson(right, n, TWO_SIDED);
}

function wilson(right: number, n: number, z: number): Interval {
  if (n === 0) return { low: 0, high: 1 };
  const share = right / n;
  const centre = share + z ** 2 / (2 * n);
  const margin = z * Math.sqrt((share * (1 - share)) / n + z ** 2 / (4 * n ** 2));
  const whole = 1 + z ** 2 / n;
  return { low: Math.max(0, (centre - margin) / whole), high: Math.min(1, (centre + margin) / whole) };
}

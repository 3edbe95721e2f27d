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

/** 95 %, one-sided. */
const Z = 1.6449;

/** Lower bound of the Wilson score interval for `right` of `labels`; 0 without labels. */
export function lowerBound(right: number, labels: number): number {
  if (labels === 0) return 0;
  const share = right / labels;
  const centre = share + Z ** 2 / (2 * labels);
  const margin = Z * Math.sqrt((share * (1 - share)) / labels + Z ** 2 / (4 * labels ** 2));
  return Math.max(0, (centre - margin) / (1 + Z ** 2 / labels));
}

/**
 * The 80-20 rule as a pure policy: answers may be cached once the model is accurate enough (`open`), and an answer ends when the
 * model has become a milestone better than it was when the answer was computed. Nothing ends at a time.
 */

export interface CachePolicy {
  /** Accuracy from which answers are cached. */
  readonly open: number;
  /**
   * What ends an answer. `milestone`: the model reaches the next milestone. `stopAt`: nothing does, but at and above the accuracy
   * `stopAt` nothing is stored or served.
   */
  readonly end: 'milestone' | 'stopAt';
  /** Ascending accuracies between the bands. */
  readonly milestones: readonly number[];
  readonly stopAt: number;
}

export const DEFAULT_POLICY: CachePolicy = {
  open: 0.8,
  end: 'milestone',
  milestones: [0.85, 0.9, 0.95, 0.98],
  stopAt: 0.98,
};

/** What an answer carries of the version that computed it. */
export interface Stamp {
  readonly band: number;
  readonly version: number;
}

/** The version that was resolved for a request, and what is known of it. */
export interface Serving {
  readonly version: number;
  /** Absent where unknown. */
  readonly accuracy?: number | undefined;
  /** Why the cache is kept closed though the accuracy alone would open it. */
  readonly held?: string | undefined;
}

export type GateState = 'closed' | 'miss' | 'ended' | 'hit';

/** Number of milestones that `accuracy` has reached. */
export function band(accuracy: number, milestones: readonly number[]): number {
  let reached = 0;
  for (const milestone of milestones) if (milestone <= accuracy) reached++;
  return reached;
}

/** Whether the stored answer, if there is one, may be given. An answer of a version that was rolled back since counts as none. */
export function gate(entry: Stamp | undefined, serving: Serving, policy: CachePolicy): GateState {
  const { accuracy, version, held } = serving;
  if (accuracy === undefined || accuracy < policy.open || held !== undefined) return 'closed';
  if (policy.end === 'stopAt' && accuracy >= policy.stopAt) return 'closed';
  if (entry === undefined || entry.version > version) return 'miss';
  if (policy.end === 'stopAt') return 'hit';
  if (band(accuracy, policy.milestones) > entry.band) return 'ended';
  return isLast(entry.band, policy) && version > entry.version ? 'ended' : 'hit';
}

/** Accuracy at which an answer of this band ends; undefined in the last one, which ends with the next version. */
export function endsAt(reached: number, policy: CachePolicy): number | undefined {
  return policy.end === 'stopAt' ? policy.stopAt : policy.milestones[reached];
}

/** What the gate decided, in words. */
export function reason(state: GateState, entry: Stamp | undefined, serving: Serving, policy: CachePolicy): string {
  switch (state) {
    case 'closed':
      return `closed: ${whyClosed(serving, policy)}`;
    case 'miss':
      return entry === undefined
        ? 'no answer is stored'
        : `version ${entry.version}, which computed it, was rolled back`;
    case 'ended':
      return `ended: ${whyEnded(entry, serving, policy)}`;
    case 'hit':
      return `computed by version ${entry?.version}`;
  }
}

function isLast(reached: number, { milestones }: CachePolicy): boolean {
  return reached >= milestones.length;
}

function whyClosed({ accuracy, held }: Serving, policy: CachePolicy): string {
  if (accuracy === undefined) return 'the accuracy is unknown';
  if (accuracy < policy.open) return `accuracy ${shown(accuracy)} is below ${shown(policy.open)}`;
  return held ?? `accuracy ${shown(accuracy)} has reached ${shown(policy.stopAt)}`;
}

function whyEnded(entry: Stamp | undefined, { accuracy = 0, version }: Serving, policy: CachePolicy): string {
  const reached = entry?.band ?? 0;
  if (isLast(reached, policy)) return `version ${version} serves, and the last milestone is behind it`;
  const milestones = policy.milestones.filter((milestone) => milestone <= accuracy);
  return `the model has reached ${shown(milestones.at(-1) ?? 0)}`;
}

/** Enough digits that a figure just below a bound does not look like the bound. */
export function shown(accuracy: number): string {
  return String(Number(accuracy.toFixed(6)));
}

/**
 * In which order waiting tasks run: each gets one key when it arrives, in seconds, and the least key is next. Nothing is ever rebuilt.
 *
 *   size-first   r * arrival + (min(most, cost) + min(most, excess)) / weight,   most = r * queueSeconds
 *   fifo         arrival
 *
 * A short task has a small key. Waiting counts too, since the clock goes on for whoever comes later. `excess` is what the caller has
 * unfinished over its fair share, so that a flood waits for itself and not the others for it; of a caller that is alone it is zero,
 * which matters: with the caller's whole sum in its place (and one caller) every task looks large once many wait, and at 95 % load
 * small ones took 31 times their cost instead of 1.8.
 *
 * The bound: what arrives `2 * queueSeconds / weight` after a task has the larger key whatever it costs and whoever asks (without
 * excess `min(queueSeconds, cost / r) / weight`), and what is ahead by then is at most a full queue. So no task waits longer than
 *   2 * queueSeconds / weight + queueSeconds / slots + one run.
 */
export type Policy = 'size-first' | 'fifo';

export interface Arrival {
  /** Seconds on any clock. */
  readonly at: number;
  /** Predicted seconds of the task. */
  readonly cost: number;
  /** The caller's unfinished tasks with this one: sum of min(their cost, cost). */
  readonly own: number;
  /** The same of all callers. */
  readonly all: number;
  /** The caller's part of the weight of all callers with unfinished tasks, now or a moment ago; 0..1. */
  readonly share: number;
  /** Of the caller times priority of the task. */
  readonly weight: number;
}

/**
 * r, how many seconds of cost a second of waiting makes up for. At 95 % load with 10 % tasks of 20 times the cost, small tasks take 1.8
 * times their cost on average with 0.05 or less, 2.8 with 0.1, 12 with 0.2 (`node bench/simulate.ts ageing`).
 */
export const AGEING = 0.02;

export function keyOf(policy: Policy, arrival: Arrival, queueSeconds: number, ageing = AGEING): number {
  if (policy === 'fifo') return arrival.at;
  const most = ageing * queueSeconds;
  return ageing * arrival.at + (Math.min(most, arrival.cost) + Math.min(most, excess(arrival))) / arrival.weight;
}

function excess({ own, all, share, cost }: Arrival): number {
  return Math.max(0, own - Math.max(cost, all * share));
}

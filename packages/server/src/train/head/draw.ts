/** Which examples an epoch goes over, in which order. Drawn from the seed and the epoch alone, so that training can go on anywhere. */
import { random, shuffled } from '../random.ts';

export interface Pools {
  /** Numbers of the examples to train on: of the first set, and from users. */
  readonly original: Int32Array;
  readonly feedback: Int32Array;
}

/** As many as there are; by `share` from users where that is given, the few ones more than once. */
export function epochRows(
  { original, feedback }: Pools,
  share: number | undefined,
  seed: number,
  epoch: number,
): Int32Array {
  const next = random(seed ^ Math.imul(epoch + 1, 0x9e3779b1));
  const n = original.length + feedback.length;
  const isFixed = share !== undefined && original.length > 0 && feedback.length > 0;
  const fromUsers = isFixed ? Math.round(share * n) : feedback.length;
  return shuffled(
    Int32Array.from([...cycled(feedback, fromUsers, next), ...cycled(original, n - fromUsers, next)]),
    next,
  );
}

/** `count` of `rows`, each as often as another, give or take one. */
function cycled(rows: Int32Array, count: number, next: () => number): Int32Array {
  const drawn = new Int32Array(count);
  for (let at = 0; at < count; at += rows.length) drawn.set(shuffled(rows, next).subarray(0, count - at), at);
  return drawn;
}

/** What an example of each class counts, so that all classes together count the same: 1 on average. */
export function classCounts(rows: Int32Array, labels: Int32Array, classes: number): Float32Array {
  const seen = new Float64Array(classes);
  for (const row of rows) seen[labels[row] as number] = (seen[labels[row] as number] ?? 0) + 1;
  const present = seen.filter((count) => count > 0).length;
  return Float32Array.from(seen, (count) => (count === 0 ? 0 : rows.length / (present * count)));
}

/** Splits off a share that no epoch goes over; at least one of each part, where there are two. */
export function splitOff(rows: Int32Array, share: number, seed: number): { kept: Int32Array; off: Int32Array } {
  const mixed = shuffled(rows, random(~seed));
  const count = Math.min(rows.length - 1, Math.max(1, Math.round(share * rows.length)));
  return { off: mixed.slice(0, count), kept: mixed.slice(count).sort() };
}

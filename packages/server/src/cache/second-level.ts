/**
 * The port to a cache shared by replicas. It never fails and never keeps a request waiting: what it cannot say within a few
 * milliseconds it does not know.
 */
import type { Entry } from './entry.ts';
import type { Marks } from './marks.ts';

export interface Found {
  /** Absent where nothing is stored, or nothing sound. */
  readonly entry?: Entry;
  /** What the replicas agree on for the model. */
  readonly marks: Marks;
}

export interface SecondLevelStats {
  readonly hits: number;
  readonly misses: number;
  /** Questions and writes that were not even sent: it is slow, away or busy. */
  readonly skipped: number;
  readonly failures: number;
  /** Values that were no entry, damaged, or of another key. */
  readonly garbage: number;
  readonly isUp: boolean;
}

export interface SecondLevel {
  /** Undefined where there is no answer in time. Never rejects. */
  find(model: string, key: string): Promise<Found | undefined>;
  /** Sends and forgets. */
  store(key: string, entry: Entry): void;
  /** Tells the other replicas; repeated when a lost connection comes back. */
  publish(model: string, marks: Marks): void;
  stats(): SecondLevelStats;
  close(): Promise<void>;
}

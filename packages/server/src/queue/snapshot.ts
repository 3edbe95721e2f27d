/** What a scheduler tells of itself: plain numbers, for metrics and the console. */
import { type Counts, type Labelled, total } from './ledger.ts';

/** Seconds and counts since the start, over all tasks that took a slot. */
export interface Sums {
  readonly runs: number;
  /** Runs that several tasks shared. */
  readonly jointRuns: number;
  /** What the runs were predicted to take, and took. */
  readonly predictedSeconds: number;
  readonly actualSeconds: number;
  /** Waits of the tasks that are settled. */
  readonly waitSeconds: number;
}

export interface Present {
  readonly waiting: number;
  readonly running: number;
  /** Predicted seconds of everything unfinished. */
  readonly queuedSeconds: number;
}

export interface Snapshot extends Sums, Present, Counts {
  readonly byCallerAndModel: readonly Labelled[];
}

export class Tallies {
  private sums = { runs: 0, jointRuns: 0, predictedSeconds: 0, actualSeconds: 0, waitSeconds: 0 };

  ran(tasks: number, predicted: number, actual: number): void {
    this.sums.runs++;
    if (tasks > 1) this.sums.jointRuns++;
    this.sums.predictedSeconds += predicted;
    this.sums.actualSeconds += actual;
  }

  settled(waited: number): void {
    this.sums.waitSeconds += waited;
  }

  read(): Sums {
    return { ...this.sums };
  }
}

export function snapshotOf(tallies: Tallies, rows: readonly Labelled[], present: Present): Snapshot {
  return { ...tallies.read(), ...present, ...total(rows), byCallerAndModel: rows };
}

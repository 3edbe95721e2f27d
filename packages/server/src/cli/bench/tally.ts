/** What came of the requests, while they are sent. */
import { Histogram } from './histogram.ts';
import type { RequestClass } from './mix.ts';

const ANSWERED = '200';

export class Tally {
  readonly latencies: readonly Histogram[];
  /** How late requests were sent: what of the latency is the load generator's. */
  readonly lateness = new Histogram();
  /** Outcomes that are no answer. */
  readonly failures = new Map<string, number>();
  rows = 0;
  private readonly classes: readonly RequestClass[];

  constructor(classes: readonly RequestClass[]) {
    this.classes = classes;
    this.latencies = classes.map(() => new Histogram());
  }

  record(at: number, outcome: string, milliseconds: number): void {
    if (outcome !== ANSWERED) {
      this.fail(outcome, 1);
      return;
    }
    this.latencies[at]?.record(milliseconds);
    this.rows += this.classes[at]?.rows ?? 0;
  }

  fail(outcome: string, count: number): void {
    if (count > 0) this.failures.set(outcome, (this.failures.get(outcome) ?? 0) + count);
  }
}

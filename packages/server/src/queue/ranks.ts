/**
 * What the cost of a task counts for in the order. A prediction moves with every run, and 10 ms of it are worth half a second of waiting: by
 * predictions alone, who came while the machine was slow for a moment would be passed for seconds by all equal tasks that came later. So what
 * equal tasks count for rises at once and falls half as fast as waiting makes up for: they run in the order in which they came.
 */
const MOST_KINDS = 1024;

interface Held {
  readonly cost: number;
  readonly at: number;
}

export class Ranks {
  private readonly held = new Map<string, Held>();

  /** Seconds that a task of this lane and so many rows counts for, which comes `at` and is predicted to take `cost`. */
  of(lane: string, rows: number, cost: number, at: number, ageing: number): number {
    const kind = `${lane} ${rows}`;
    const before = this.held.get(kind);
    const counted =
      before === undefined ? cost : Math.max(cost, before.cost - (ageing / 2) * Math.max(0, at - before.at));
    // What is forgotten counts for its prediction again.
    if (before === undefined && this.held.size >= MOST_KINDS) this.held.clear();
    this.held.set(kind, { cost: counted, at });
    return counted;
  }
}

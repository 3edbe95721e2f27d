/**
 * What a run of one graph on rows of one shape takes: `a + b * rows` seconds, a and b at least 0, learned from the runs themselves.
 *
 * Runs are kept by size: rows within a factor of two share a mean of what they took, in which older runs are forgotten
 * exponentially; the line is the least squares fit (of relative errors) through those means. So sizes that were seen long ago still
 * hold the line where it was when one size alone comes in, which plain forgetting would not do. A mean that is not being observed
 * follows the others at half pace, since what makes one size slower is usually the machine.
 *
 * Predicting and observing allocate nothing; 2 ns and 100 ns.
 */

/** One size: mean rows, mean seconds, runs seen. */
export type Point = readonly [rows: number, seconds: number, runs: number];

const SIZES = 24;
/** Weight of a new run in its mean, once there are some. */
const SHARE = 1 / 8;
/** A run that was preempted says nothing of the graph: it counts for at most so many times what was expected. */
const MOST_GROWTH = 4;
/** Runs of a size until it counts fully in the fit. */
const ENOUGH = 4;

export class ShapeCost {
  /** Elements of one row, all inputs together. */
  readonly elements: number;
  /** Rows beyond which a run of more rows is no cheaper by the row, where calibration has looked; Infinity before. */
  preferredRows = Number.POSITIVE_INFINITY;
  private readonly rows = new Float64Array(SIZES);
  private readonly seconds = new Float64Array(SIZES);
  private readonly runs = new Float64Array(SIZES);
  private fixed = 0;
  private slope: number;
  private seen = 0;

  /** `perRow`: seconds expected of a row before anything was measured. */
  constructor(elements: number, perRow: number) {
    this.elements = elements;
    this.slope = perRow;
  }

  /** Seconds of a run that do not depend on its rows. */
  get overhead(): number {
    return this.fixed;
  }

  get perRow(): number {
    return this.slope;
  }

  /** Runs observed. */
  get observed(): number {
    return this.seen;
  }

  predict(rows: number): number {
    return this.fixed + this.slope * rows;
  }

  observe(rows: number, seconds: number): void {
    if (!(rows > 0) || !(seconds > 0)) return;
    const counted = this.seen === 0 ? seconds : Math.min(seconds, this.predict(rows) * MOST_GROWTH);
    const size = sizeClass(rows);
    const runs = this.runs[size] ?? 0;
    const [oldRows, oldSeconds] = [this.rows[size] ?? 0, this.seconds[size] ?? 0];
    const share = Math.max(SHARE, 1 / (runs + 1));
    const newRows = oldRows + share * (rows - oldRows);
    const newSeconds = oldSeconds + share * (counted - oldSeconds);
    this.rows[size] = newRows;
    this.seconds[size] = newSeconds;
    this.runs[size] = runs + 1;
    if (runs > 0) this.follow(size, ((newSeconds / oldSeconds) * this.predict(oldRows)) / this.predict(newRows));
    this.seen++;
    this.fit();
  }

  /** What was learned, to be kept. */
  points(): Point[] {
    const all: Point[] = [];
    for (let size = 0; size < SIZES; size++) {
      const runs = this.runs[size] ?? 0;
      if (runs > 0) all.push([this.rows[size] ?? 0, this.seconds[size] ?? 0, runs]);
    }
    return all;
  }

  /** Takes up what another process has learned. */
  restore(points: readonly Point[]): void {
    for (const [rows, seconds, runs] of points) {
      const size = sizeClass(rows);
      this.rows[size] = rows;
      this.seconds[size] = seconds;
      this.runs[size] = runs;
      this.seen += runs;
    }
    if (this.seen > 0) this.fit();
  }

  /** Half of the growth of one mean: what it gains and loses again leaves no trace in the others. */
  private follow(observed: number, growth: number): void {
    const half = Math.sqrt(growth);
    for (let size = 0; size < SIZES; size++) {
      if (size !== observed) this.seconds[size] = (this.seconds[size] ?? 0) * half;
    }
  }

  /** Least squares of (a + b * rows) / seconds - 1: a large batch must not drown what a single row takes. */
  private fit(): void {
    let [weights, x, xx, y, xy] = [0, 0, 0, 0, 0];
    for (let size = 0; size < SIZES; size++) {
      const runs = this.runs[size] ?? 0;
      if (runs === 0) continue;
      const rows = this.rows[size] ?? 0;
      const seconds = this.seconds[size] ?? 0;
      const weight = Math.min(runs, ENOUGH) / (seconds * seconds);
      weights += weight;
      x += weight * rows;
      xx += weight * rows * rows;
      y += weight * seconds;
      xy += weight * rows * seconds;
    }
    const spread = weights * xx - x * x;
    // Of one size alone nothing is known of the overhead: none is assumed, which promises least.
    const slope = spread > 1e-9 * weights * xx ? (weights * xy - x * y) / spread : xy / xx;
    const fixed = (y - slope * x) / weights;
    if (slope < 0) {
      this.slope = 0;
      this.fixed = y / weights;
    } else if (fixed < 0) {
      this.slope = xy / xx;
      this.fixed = 0;
    } else {
      this.slope = slope;
      this.fixed = fixed;
    }
  }
}

function sizeClass(rows: number): number {
  return Math.min(SIZES - 1, Math.floor(Math.log2(Math.max(1, rows))));
}

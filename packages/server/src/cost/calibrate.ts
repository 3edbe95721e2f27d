/**
 * Finds by measurement, while the process has nothing else to do, what batches of a model cost and up to how many rows a batch makes a
 * row cheaper. Nobody waits for it: a model serves before it is calibrated, and a measurement that a request came into is thrown away.
 *
 *   calibrator.add({ model, shape, run: (rows) => ..., limitSeconds });
 */
import type { CostModel } from './cost-model.ts';
import type { ShapeCost } from './shape-cost.ts';

export interface Calibration {
  readonly model: CostModel;
  readonly shape: ShapeCost;
  /** Runs so many rows of anything. A failure ends the calibration of this shape. */
  readonly run: (rows: number) => Promise<unknown>;
  /** Batches that take longer are of no use. */
  readonly limitSeconds: number;
}

export interface CalibratorOptions {
  /** Nothing is under way or was a moment ago. */
  readonly idle: () => boolean;
  /** Resolves when it is worth asking again; at once when aborted. */
  readonly wait: (signal: AbortSignal) => Promise<void>;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Of so many runs of a size the fastest counts. */
const REPEATS = 3;
const MOST_ROWS = 256;
/** A larger batch has to make a row cheaper by this share to be worth it. */
const WORTH = 0.03;

export class Calibrator {
  private readonly options: CalibratorOptions;
  private readonly waiting: Calibration[] = [];
  private readonly ending = new AbortController();
  private working: Promise<void> | undefined;

  constructor(options: CalibratorOptions) {
    this.options = options;
  }

  /** Takes its turn behind those added before. What is calibrated already, as a stored profile is, needs nothing. */
  add(calibration: Calibration): void {
    if (this.ending.signal.aborted || Number.isFinite(calibration.shape.preferredRows)) return;
    this.waiting.push(calibration);
    this.working ??= this.work().finally(() => (this.working = undefined));
  }

  /** Resolves when everything that was added is calibrated, or given up. */
  async done(): Promise<void> {
    await this.working;
  }

  /** Ends after the run under way. */
  async close(): Promise<void> {
    this.ending.abort();
    await this.working;
  }

  private async work(): Promise<void> {
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      // A graph that refuses what it is given is left uncalibrated.
      await this.calibrate(next).catch(() => {});
    }
  }

  private async calibrate({ model, shape, run, limitSeconds }: Calibration): Promise<void> {
    let best = { rows: 1, perRow: Number.POSITIVE_INFINITY };
    for (let rows = 1; rows <= MOST_ROWS; rows *= 2) {
      const seconds = await this.fastest(run, rows);
      if (seconds === undefined) return;
      model.observe(shape, rows, seconds);
      const perRow = seconds / rows;
      if (perRow > best.perRow * (1 - WORTH)) break;
      best = { rows, perRow };
      if (2 * seconds > limitSeconds) break;
    }
    shape.preferredRows = best.rows;
  }

  private async fastest(run: (rows: number) => Promise<unknown>, rows: number): Promise<number | undefined> {
    let fastest = Number.POSITIVE_INFINITY;
    for (let repeat = 0; repeat < REPEATS; ) {
      if (this.ending.signal.aborted) return undefined;
      if (!this.options.idle()) {
        await this.options.wait(this.ending.signal);
        continue;
      }
      const began = this.options.now();
      await run(rows);
      const seconds = (this.options.now() - began) / 1000;
      if (!this.options.idle()) continue;
      fastest = Math.min(fastest, seconds);
      repeat++;
    }
    return fastest;
  }
}

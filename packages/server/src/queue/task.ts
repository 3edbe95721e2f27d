/**
 * One piece of work on its way through the scheduler: waiting, handed out to runs row by row or at once, settled. A task settles exactly
 * once; what runs of it are still under way then has no effect.
 */
import { FloeError, type Tensor } from '@floe/graph/base';
import type { QueueNote, Terms } from '../core/terms.ts';
import type { ShapeCost } from '../cost/shape-cost.ts';
import type { Entry } from './heap.ts';
import type { Outcome, Row } from './ledger.ts';
import { concatResults } from './split.ts';
import type { Rows, Work } from './work.ts';

/** Rows `from` (included) to `to` (not included). */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** What a task does: a run of a session, or anything else, which is one row. */
export type Job =
  | { readonly kind: 'run'; readonly work: Work; readonly rows: Rows; readonly cost: ShapeCost }
  | { readonly kind: 'stage'; readonly begin: () => Promise<unknown> };

export interface TaskOptions {
  readonly job: Job;
  readonly terms: Terms;
  readonly row: Row;
  readonly predicted: number;
  /** Of its inputs. */
  readonly bytes: number;
  /** Tasks of one lane may share a run. */
  readonly lane: string;
  readonly rows: number;
  readonly chunk: number;
  /** Seconds. */
  readonly arrived: number;
}

export class Task implements Entry {
  key = 0;
  order = 0;
  at = -1;
  readonly job: Job;
  readonly terms: Terms;
  readonly row: Row;
  readonly predicted: number;
  readonly bytes: number;
  readonly lane: string;
  readonly rows: number;
  readonly chunk: number;
  readonly arrived: number;
  readonly settled: Promise<unknown>;
  note: QueueNote | undefined;
  /** A run that it shared went wrong: it goes alone from now on. */
  alone = false;
  /** A run of it has begun. */
  started = false;
  /** Runs of it under way. */
  underWay = 0;
  /** Rows that no run has taken yet. */
  left: number;
  /** Called once, when it settles. */
  onSettled: (task: Task, outcome: Outcome) => void = () => {};
  private resolve!: (value: unknown) => void;
  private reject!: (error: FloeError) => void;
  private isSettled = false;
  private taken = 0;
  private returned: Range[] = [];
  private undone: number;
  private parts: { readonly from: number; readonly results: readonly Tensor[] }[] = [];

  constructor(options: TaskOptions) {
    this.job = options.job;
    this.terms = options.terms;
    this.row = options.row;
    this.predicted = options.predicted;
    this.bytes = options.bytes;
    this.lane = options.lane;
    this.rows = options.rows;
    this.chunk = options.chunk;
    this.arrived = options.arrived;
    this.left = options.rows;
    this.undone = options.rows;
    this.settled = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  get over(): boolean {
    return this.isSettled;
  }

  get nextRows(): number {
    const back = this.returned.at(-1);
    return back === undefined ? Math.min(this.chunk, this.rows - this.taken) : back.to - back.from;
  }

  /** Predicted seconds of the next run. */
  get nextSeconds(): number {
    return this.job.kind === 'run' ? this.job.cost.predict(this.nextRows) : this.predicted;
  }

  /** Hands out the next rows. */
  take(): Range {
    this.underWay++;
    const range = this.returned.pop() ?? { from: this.taken, to: Math.min(this.taken + this.chunk, this.rows) };
    this.taken = Math.max(this.taken, range.to);
    this.left -= range.to - range.from;
    return range;
  }

  /** Rows that have to run again, alone. */
  giveBack(range: Range): void {
    this.alone = true;
    this.left += range.to - range.from;
    this.returned.push(range);
  }

  /** Results of these rows; with the last ones the task is answered. */
  deliver({ from, to }: Range, results: readonly Tensor[]): void {
    this.parts.push({ from, results });
    this.undone -= to - from;
    if (this.undone > 0 || this.over) return;
    const parts = this.parts.sort((a, b) => a.from - b.from).map((part) => part.results);
    try {
      this.answer(concatResults(parts));
    } catch (error) {
      this.end('failed', error as FloeError);
    }
  }

  answer(value: unknown): void {
    if (this.close('answered')) this.resolve(value);
  }

  end(outcome: Exclude<Outcome, 'answered'>, error: FloeError): void {
    if (this.close(outcome)) this.reject(error);
  }

  /** The caller's signal. */
  handleEvent(): void {
    this.end('cancelled', new FloeError('CANCELLED', 'the caller has gone'));
  }

  private close(outcome: Outcome): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    this.parts = [];
    this.terms.signal.removeEventListener('abort', this);
    this.onSettled(this, outcome);
    return true;
  }
}

/**
 * What became of all tasks, by caller and model. Every task that was accepted ends in exactly one way:
 *
 *   accepted = answered + failed + cancelled + expired + unfinished
 */
import type { QueueNote } from '../core/terms.ts';

export interface Counts {
  accepted: number;
  answered: number;
  failed: number;
  /** The caller had gone. */
  cancelled: number;
  /** The deadline had passed, or would have before the task's turn. */
  expired: number;
  /** For want of room in the queue; not accepted. */
  refused: number;
  /** Seconds that slots, or the event loop for small runs, have worked. */
  workSeconds: number;
}

export type Outcome = 'answered' | 'failed' | 'cancelled' | 'expired';

export interface Labelled extends Counts {
  readonly caller: string;
  readonly model: string;
}

/** Pairs of caller and model; what comes later is told of as `other`. */
const MOST_ROWS = 1000;
const OTHER = 'other';

export class Row implements Labelled {
  accepted = 0;
  answered = 0;
  failed = 0;
  cancelled = 0;
  expired = 0;
  refused = 0;
  workSeconds = 0;
  readonly caller: string;
  readonly model: string;
  /** Runs that went inline and are not settled: `inlineDone` and `inlineFailed` are what their promises call. */
  readonly inlineDone: () => void;
  readonly inlineFailed: () => void;
  private inlineRuns = 0;
  private inlineSeconds = 0;
  private inlineNote: QueueNote | undefined;

  /** `release` is told the seconds of an inline run that has settled. */
  constructor(caller: string, model: string, release: (seconds: number) => void) {
    this.caller = caller;
    this.model = model;
    this.inlineDone = () => {
      this.answered++;
      release(this.endInline());
    };
    this.inlineFailed = () => {
      this.failed++;
      release(this.endInline());
    };
  }

  beginInline(seconds: number): void {
    this.accepted++;
    this.inlineRuns++;
    this.inlineSeconds += seconds;
  }

  /** One note for many runs, until their prediction has moved by an eighth: what is noted of a request is kept for a while. */
  noteInline(seconds: number): QueueNote {
    const known = this.inlineNote;
    if (known !== undefined && Math.abs(known.predicted - seconds) * 8 <= known.predicted) return known;
    this.inlineNote = { predicted: seconds, position: 0, chunks: 1 };
    return this.inlineNote;
  }

  /** Which of the row's runs it was is not kept, so that a run allocates nothing: each ends with their mean. */
  private endInline(): number {
    const seconds = this.inlineSeconds / this.inlineRuns;
    this.inlineRuns--;
    this.inlineSeconds = this.inlineRuns === 0 ? 0 : this.inlineSeconds - seconds;
    this.workSeconds += seconds;
    return seconds;
  }
}

export class Ledger {
  private readonly rows = new Map<string, Map<string, Row>>();
  private readonly release: (seconds: number) => void;
  private count = 0;

  constructor(release: (seconds: number) => void) {
    this.release = release;
  }

  row(caller: string, model: string): Row {
    return this.rows.get(caller)?.get(model) ?? this.add(caller, model);
  }

  labelled(): Labelled[] {
    return [...this.rows.values()].flatMap((byModel) => [...byModel.values()].map(copyOf));
  }

  private add(caller: string, model: string): Row {
    if (this.count >= MOST_ROWS && caller !== OTHER) return this.row(OTHER, OTHER);
    this.count++;
    const byModel = this.rows.get(caller) ?? new Map<string, Row>();
    this.rows.set(caller, byModel);
    const row = new Row(caller, model, this.release);
    byModel.set(model, row);
    return row;
  }
}

export function total(rows: readonly Counts[]): Counts {
  const sum = { accepted: 0, answered: 0, failed: 0, cancelled: 0, expired: 0, refused: 0, workSeconds: 0 };
  for (const row of rows) for (const name of Object.keys(sum) as (keyof Counts)[]) sum[name] += row[name];
  return sum;
}

function copyOf(row: Row): Labelled {
  const { caller, model, accepted, answered, failed, cancelled, expired, refused, workSeconds } = row;
  return { caller, model, accepted, answered, failed, cancelled, expired, refused, workSeconds };
}

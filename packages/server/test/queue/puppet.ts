/** A scheduler whose sessions finish when they are told to and whose clock is moved by hand. */
import type { Tensor } from '@floe/graph';
import type { BehindRun, Session } from '../../src/core/engine.ts';
import { plainTerms, type Terms } from '../../src/core/terms.ts';
import { CostModel } from '../../src/cost/cost-model.ts';
import { MachineRate } from '../../src/cost/machine-rate.ts';
import { Scheduler } from '../../src/queue/scheduler.ts';
import type { SchedulerOptions } from '../../src/queue/settings.ts';
import type { Work } from '../../src/queue/work.ts';

/** One run of a session, which has begun. */
export interface PuppetRun {
  /** First element of each row that is run. */
  readonly rows: readonly number[];
  /** Answers with what was fed. */
  finish(): Promise<void>;
  fail(error: Error): Promise<void>;
}

export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class Puppet {
  readonly scheduler: Scheduler;
  /** Runs under way, in order of their beginning. */
  readonly runs: PuppetRun[] = [];
  /** All rows that ran so far. */
  readonly ran: (readonly number[])[] = [];
  /** Milliseconds. */
  now = 1000;
  readonly alarms: { readonly seconds: number; readonly ring: () => void }[] = [];
  private readonly sessions = new Map<string, { readonly session: Session; readonly cost: CostModel }>();

  constructor(options: Partial<SchedulerOptions> = {}) {
    this.scheduler = new Scheduler({
      slots: 1,
      clock: () => this.now,
      after: (seconds, ring) => void this.alarms.push({ seconds, ring }),
      ...options,
    });
  }

  /** Runs `rows`, numbers of one element each; a row costs `perRow` seconds, every run `overhead`. */
  run(rows: readonly number[], options: Partial<PuppetOptions> = {}): Promise<readonly Tensor[]> {
    return this.scheduler.run(this.work(rows, options), terms(options.terms));
  }

  /** The numbers that come back. */
  async answer(rows: readonly number[], options: Partial<PuppetOptions> = {}): Promise<number[]> {
    const [result] = await this.run(rows, options);
    return Array.from(result?.data as Float32Array);
  }

  work(
    rows: readonly number[],
    { model = 'm', perRow = 0.004, overhead = 0, independent = true, inline, behind }: Partial<PuppetOptions> = {},
  ): Work {
    const { session, cost } = this.sessions.get(model) ?? this.open(model, perRow, overhead, inline, behind);
    const x: Tensor = { dtype: 'float32', shape: [rows.length, 1], data: Float32Array.from(rows) };
    return { session, cost, feeds: new Map([['x', x]]), fetches: ['y'], rowIndependent: independent, model };
  }

  /** Finishes the runs under way, and those that begin then, until there is none. */
  async finishAll(): Promise<void> {
    for (let run = this.runs[0]; run !== undefined; run = this.runs[0]) await run.finish();
  }

  private open(model: string, perRow: number, overhead: number, inline?: number, behind?: number) {
    const session: Session = {
      inputs: [{ name: 'x', dtype: 'float32', shape: [-1, 1] }],
      outputs: [{ name: 'y', dtype: 'float32', shape: [-1, 1] }],
      inlineSeconds: () => inline,
      run: (feeds) => this.begin(feeds.get('x') as Tensor),
      ...(behind === undefined ? {} : { runBehind: async (feeds) => this.beginBehind(feeds, behind) }),
      close: async () => {},
    };
    const cost = new CostModel(new MachineRate());
    for (const rows of [1, 2, 4, 8, 16]) {
      cost.observe(cost.shape('float32[1]', 1), rows, overhead + perRow * rows);
      cost.observe(cost.shape(`whole float32[${rows},1]`, rows), 1, overhead + perRow * rows);
    }
    // What a clock that stands still says of a run is not learned.
    const known = { session, cost: Object.assign(cost, { observe: () => {} }) };
    this.sessions.set(model, known);
    return known;
  }

  private async beginBehind(feeds: ReadonlyMap<string, Tensor>, cpuSeconds: number): Promise<BehindRun> {
    return { results: await this.begin(feeds.get('x') as Tensor), cpuSeconds };
  }

  private begin(x: Tensor): Promise<readonly Tensor[]> {
    return new Promise((resolve, reject) => {
      const end = (settled: () => void): Promise<void> => {
        this.runs.splice(this.runs.indexOf(run), 1);
        settled();
        return settle();
      };
      const rows = Array.from(x.data as Float32Array);
      const run = { rows, finish: () => end(() => resolve([x])), fail: (error: Error) => end(() => reject(error)) };
      this.runs.push(run);
      this.ran.push(rows);
    });
  }
}

export interface PuppetOptions {
  readonly model: string;
  readonly perRow: number;
  readonly overhead: number;
  readonly independent: boolean;
  /** Seconds of a run inline; absent: runs take a slot. */
  readonly inline: number;
  /** There are threads of low priority, on which a run takes so many seconds of a CPU. */
  readonly behind: number;
  readonly terms: Partial<Terms>;
}

export function terms(of: Partial<Terms> = {}): Terms {
  return { ...plainTerms(new AbortController().signal), caller: { name: 'anonymous', weight: 1 }, ...of };
}

/**
 * The server's own scheduler in simulated time: tasks arrive at random (fixed seed) and take what they are said to take. Deterministic, and a
 * minute of load takes a second.
 *
 *   const waits = await simulate(mixedLoad({ load: 0.85, tasks: 20_000, seed: 1 }), { slots: 2 });
 */
import type { Tensor } from '../../packages/graph/src/base.ts';
import type { BehindRun, Session } from '../../packages/server/src/core/engine.ts';
import { plainTerms, type Terms } from '../../packages/server/src/core/terms.ts';
import { CostModel } from '../../packages/server/src/cost/cost-model.ts';
import { MachineRate } from '../../packages/server/src/cost/machine-rate.ts';
import { Scheduler } from '../../packages/server/src/queue/scheduler.ts';
import type { SchedulerOptions } from '../../packages/server/src/queue/settings.ts';
import { random } from './random.ts';

export interface Arrival {
  /** Seconds. */
  readonly at: number;
  readonly rows: number;
  readonly caller: string;
}

export interface Finished extends Arrival {
  /** Seconds from arrival to answer; Infinity if there was none. */
  readonly took: number;
}

export interface World {
  /** What every run costs, and each of its rows. */
  readonly overhead: number;
  readonly perRow: number;
  /** Rows of a request may run apart. */
  readonly splits: boolean;
  /** There are threads of low priority. */
  readonly behind?: boolean;
}

/** Seconds of a row: such as MobileNetV2's. */
export const ROW = 0.004;
/** Rows of a large task; a small one has one. */
export const LARGE = 20;

/** 90 % small tasks and 10 % large ones, which use so much of `slots` when they run unsplit. */
export function mixedLoad(of: { load: number; tasks: number; seed: number; slots: number; caller: string }): Arrival[] {
  const next = random(of.seed);
  const perSecond = (of.load * of.slots) / (ROW * (0.9 + 0.1 * LARGE));
  let at = 0;
  return Array.from({ length: of.tasks }, () => {
    at += -Math.log(1 - next()) / perSecond;
    return { at, rows: next() < 0.9 ? 1 : LARGE, caller: of.caller };
  });
}

/** Small tasks only, so many times what `slots` can do, from one time to another. */
export function flood(of: { load: number; from: number; to: number; seed: number; slots: number }): Arrival[] {
  const next = random(of.seed);
  const arrivals: Arrival[] = [];
  for (let at = of.from; at < of.to; at += (-Math.log(1 - next()) * ROW) / (of.load * of.slots)) {
    arrivals.push({ at, rows: 1, caller: 'flood' });
  }
  return arrivals;
}

interface Run {
  left: number;
  readonly behind: boolean;
  readonly happen: () => void;
}

/** CPUs that runs share evenly, in simulated time; those behind share what the others leave. */
class Machine {
  now = 0;
  private readonly runs: Run[] = [];
  private readonly cpus: number;

  constructor(cpus: number) {
    this.cpus = cpus;
  }

  begin(seconds: number, behind: boolean, happen: () => void): void {
    this.runs.push({ left: seconds, behind, happen });
  }

  /** When the next run ends if none begins before; Infinity if there is none. */
  nextEnd(): number {
    return this.now + Math.min(...this.runs.map((run) => run.left / this.speedOf(run)));
  }

  advance(to: number): void {
    const seconds = to - this.now;
    const speeds = this.runs.map((run) => this.speedOf(run));
    this.runs.forEach((run, i) => {
      run.left -= seconds * (speeds[i] ?? 0);
    });
    this.now = to;
  }

  /** Ends the run that has least left. */
  end(): void {
    const least = this.runs.reduce((a, b) => (b.left < a.left ? b : a));
    this.runs.splice(this.runs.indexOf(least), 1);
    least.happen();
  }

  private speedOf({ behind }: Run): number {
    const alike = this.runs.filter((run) => run.behind === behind).length;
    const before = behind ? Math.min(this.cpus, this.runs.length - alike) : 0;
    return Math.min(1, (this.cpus - before) / alike);
  }
}

export async function simulate(
  arrivals: readonly Arrival[],
  options: SchedulerOptions,
  world: World = { overhead: 0.02 * ROW, perRow: ROW, splits: true },
): Promise<Finished[]> {
  const machine = new Machine(options.slots);
  const session = simulatedSession(world, machine);
  const cost = learned(world);
  const scheduler = new Scheduler({ ...options, clock: () => machine.now * 1000 });
  const finished: Finished[] = [];
  const ask = async (arrival: Arrival): Promise<void> => {
    const feeds = new Map([['x', rowsTensor(arrival.rows)]]);
    const work = { session, cost, feeds, fetches: ['y'], rowIndependent: world.splits, model: 'm' };
    const took = await scheduler.run(work, termsOf(arrival.caller)).then(
      () => machine.now - arrival.at,
      () => Number.POSITIVE_INFINITY,
    );
    finished.push({ ...arrival, took });
  };
  for (let next = 0; ; ) {
    const arrival = arrivals[next];
    const end = machine.nextEnd();
    if (arrival !== undefined && arrival.at < end) {
      machine.advance(arrival.at);
      next++;
      void ask(arrival);
    } else if (end < Number.POSITIVE_INFINITY) {
      machine.advance(end);
      machine.end();
      // The scheduler goes on in microtasks.
      await new Promise((resolve) => setImmediate(resolve));
    } else break;
  }
  return finished;
}

export interface Spread {
  readonly mean: number;
  readonly p99: number;
  readonly most: number;
}

/** Times of tasks in units of one row. */
export function spread(finished: readonly Finished[]): Spread {
  const sorted = Float64Array.from(finished, ({ took }) => took / ROW).sort();
  const mean = sorted.reduce((sum, one) => sum + one, 0) / sorted.length;
  return { mean, p99: sorted[Math.floor(sorted.length * 0.99)] ?? 0, most: sorted.at(-1) ?? 0 };
}

function simulatedSession(world: World, machine: Machine): Session {
  const run = (feeds: ReadonlyMap<string, Tensor>, behind: boolean): Promise<BehindRun> => {
    const x = feeds.get('x') as Tensor;
    const cpuSeconds = world.overhead + world.perRow * (x.shape[0] ?? 0);
    return new Promise((resolve) => machine.begin(cpuSeconds, behind, () => resolve({ results: [x], cpuSeconds })));
  };
  return {
    inputs: [{ name: 'x', dtype: 'float32', shape: [-1, 1] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: [-1, 1] }],
    inlineSeconds: () => undefined,
    run: async (feeds) => (await run(feeds, false)).results,
    ...(world.behind === true ? { runBehind: (feeds: ReadonlyMap<string, Tensor>) => run(feeds, true) } : {}),
    close: async () => {},
  };
}

/** The costs are known, as after calibration. */
function learned({ overhead, perRow, splits }: World): CostModel {
  const cost = new CostModel(new MachineRate());
  for (const rows of [1, 2, 4, 8, 16, LARGE]) {
    const shape = splits ? cost.shape('float32[1]', 1) : cost.shape(`whole float32[${rows},1]`, rows);
    cost.observe(shape, splits ? rows : 1, overhead + perRow * rows);
  }
  return cost;
}

const tensors = new Map<number, Tensor>();
function rowsTensor(rows: number): Tensor {
  const known = tensors.get(rows) ?? { dtype: 'float32', shape: [rows, 1], data: new Float32Array(rows) };
  tensors.set(rows, known);
  return known;
}

const never = new AbortController().signal;
function termsOf(caller: string): Terms {
  return { ...plainTerms(never), caller: { name: caller, weight: 1 } };
}

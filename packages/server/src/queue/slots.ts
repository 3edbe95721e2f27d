/**
 * Which runs may be under way together. There are as many slots as the engine does runs at a time. A run cannot be stopped, so what is long
 * and cannot be cut runs behind: on a thread of low priority, from which the kernel takes the CPU for anything else. A task that goes
 * before it in the heap's order finds its slot free.
 *
 * Where there are no such threads (not Linux, runs of several threads, decoding) there is an express lane: while every slot holds a run
 * that will last, one more may begin that is much shorter, and they share the CPUs evenly.
 *
 * Simulated at 85 % load (`node bench/simulate.ts lane`), small tasks take 16 first come first served, 6.3 by size, 2.9 with the lane
 * and 1.0 behind; p99 96, 20, 12 and 1.8. Measured: `bench/run large-image`. A lane kept free for small tasks would leave one slot of
 * two to the large ones, which need 1.2 of them at that load. Running the graph in segments would cost memory and the engine's
 * fusions, and small tasks would still wait for a segment.
 *
 * What is left: a task waits for runs of up to 4 chunks, and for long ones that waited so long that they come before it.
 */
import { IDLE_PRIORITY } from '../core/terms.ts';
import type { Settings } from './settings.ts';

/** One run under way. Seconds. */
export interface Running {
  readonly began: number;
  readonly predicted: number;
  /** Of its first task. */
  readonly key: number;
  /** On a thread of low priority. */
  readonly behind: boolean;
  /** What a run behind took of a CPU, once it is over. */
  cpuSeconds?: number;
}

/** A run that would begin. */
export type Candidate = Pick<Running, 'predicted' | 'key' | 'behind'>;

export type SlotRules = Pick<Settings, 'slots' | 'policy' | 'chunkSeconds'>;

/** What takes the lane is done in this part of the time that it would have had to wait. */
const EXPRESS_PART = 1 / 4;
/** Chunks that a run has to take at least for the threads of low priority. */
const LONG_CHUNKS = 4;

/** Whether a run of so many seconds belongs on a thread of low priority, where there are such threads: a long one, or one that nobody waits for. */
export function belongsBehind(seconds: number, priority: number, { policy, chunkSeconds }: SlotRules): boolean {
  return policy === 'size-first' && (seconds > LONG_CHUNKS * chunkSeconds || priority <= IDLE_PRIORITY);
}

/** Whether a run may begin beside those under way. */
export function mayBegin(candidate: Candidate, running: readonly Running[], rules: SlotRules, now: number): boolean {
  const { slots, policy, chunkSeconds } = rules;
  const counted = candidate.behind ? running : running.filter((run) => !givesWay(run, candidate));
  if (counted.length < slots) return true;
  if (counted.length > slots || policy === 'fifo') return false;
  // What is in front of a run would not share the CPU with it: a lane of such runs, one after another, would hold it up for ever.
  if (counted.some((run) => run.behind !== candidate.behind)) return false;
  const least = Math.min(...counted.map((run) => remaining(run, now)));
  return least > chunkSeconds && candidate.predicted <= least * EXPRESS_PART;
}

/** What waited long enough to come before it does not give way: nobody is overtaken for ever. */
function givesWay(run: Running, { key }: Candidate): boolean {
  return run.behind && key < run.key;
}

/** A run that is overdue is expected to last as long again as it is. */
function remaining({ began, predicted }: Running, now: number): number {
  return Math.abs(predicted - (now - began));
}

/** The runs under way. */
export class Slots {
  private runs: readonly Running[] = [];
  private readonly rules: SlotRules;

  constructor(rules: SlotRules) {
    this.rules = rules;
  }

  get size(): number {
    return this.runs.length;
  }

  /** One is free, whoever comes. */
  get free(): boolean {
    return this.runs.length < this.rules.slots;
  }

  begin(candidate: Candidate, now: number): Running {
    const run = { ...candidate, began: now };
    this.runs = [...this.runs, run];
    return run;
  }

  end(run: Running): void {
    this.runs = this.runs.filter((one) => one !== run);
  }

  mayBegin(candidate: Candidate, now: number): boolean {
    return mayBegin(candidate, this.runs, this.rules, now);
  }

  /** Seconds still to come of runs under way that a task of this key waits for. */
  remaining(candidate: Candidate, now: number): number {
    let seconds = 0;
    for (const run of this.runs) if (candidate.behind || !givesWay(run, candidate)) seconds += remaining(run, now);
    return seconds;
  }
}

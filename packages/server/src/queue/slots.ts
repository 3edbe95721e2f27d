/**
 * The runs under way. There are as many slots as the engine does runs at a time, and an express lane: a run cannot be stopped, so while
 * every slot holds one that will last, one more may begin that is much shorter. The kernel shares the CPUs among them.
 *
 * Simulated (`node bench/simulate.ts lane`) small tasks take 2.9 with it and 6.3 without, at 85 % load. Measured with a U-Net on 224 px
 * images one after another, while two others kept both slots with 672 px ones (25 ms against 540 alone; a busy machine, two trials of
 * 4 s each, so these are rough): mean 708 ms without the lane, 180 with it, 127 with the long runs' threads at low
 * priority besides. Low priority was left out: a process that is not root cannot raise a thread again, and which of libuv's threads
 * does which run can only be guessed. Running the graph in segments would cost memory and the engine's fusions; it was not tried.
 *
 * What is left: a task waits for the rest of the long runs if that is less than a chunk or than 4 times its own cost; in the lane it
 * shares the CPUs with one run more than there are slots; and it waits for whoever is in the lane.
 */
import type { Settings } from './settings.ts';

/** One run under way. Seconds. */
export interface Running {
  readonly began: number;
  readonly predicted: number;
}

/** What takes the lane is done in this part of the time that it would have had to wait. */
const EXPRESS_PART = 1 / 4;

export class Slots {
  private readonly runs = new Set<Running>();
  private readonly slots: number;
  private readonly hasLane: boolean;
  private readonly chunkSeconds: number;

  /** First come first served knows no express lane. */
  constructor({ slots, policy, chunkSeconds }: Pick<Settings, 'slots' | 'policy' | 'chunkSeconds'>) {
    this.slots = slots;
    this.hasLane = policy === 'size-first';
    this.chunkSeconds = chunkSeconds;
  }

  get size(): number {
    return this.runs.size;
  }

  begin(predicted: number, now: number): Running {
    const run = { began: now, predicted };
    this.runs.add(run);
    return run;
  }

  end(run: Running): void {
    this.runs.delete(run);
  }

  /** Seconds that a run may take which begins now: Infinity if there is a slot, 0 if nothing may begin. */
  room(now: number): number {
    if (this.runs.size < this.slots) return Number.POSITIVE_INFINITY;
    if (this.runs.size > this.slots || !this.hasLane) return 0;
    let least = Number.POSITIVE_INFINITY;
    for (const run of this.runs) least = Math.min(least, remaining(run, now));
    return least > this.chunkSeconds ? least * EXPRESS_PART : 0;
  }

  /** Seconds of all runs under way that are still to come. */
  remaining(now: number): number {
    let seconds = 0;
    for (const run of this.runs) seconds += remaining(run, now);
    return seconds;
  }
}

/** A run that is overdue is expected to last as long again as it is. */
function remaining({ began, predicted }: Running, now: number): number {
  return Math.abs(predicted - (now - began));
}

/**
 * The runs under way. There are as many slots as the engine does runs at a time, and an express lane: while every slot holds a long
 * run, which nothing can stop, one short run more may begin.
 */

import type { Settings } from './settings.ts';

/** One run under way. Seconds. */
export interface Running {
  readonly began: number;
  readonly predicted: number;
}

export class Slots {
  private readonly runs = new Set<Running>();
  private readonly slots: number;
  private readonly hasLane: boolean;
  private readonly shortSeconds: number;

  /** A run is short up to `chunkSeconds`, and long over twice as much. First come first served knows no express lane. */
  constructor({ slots, policy, chunkSeconds }: Pick<Settings, 'slots' | 'policy' | 'chunkSeconds'>) {
    this.slots = slots;
    this.hasLane = policy === 'size-first';
    this.shortSeconds = chunkSeconds;
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

  /** What may begin now. */
  opening(now: number): 'any' | 'short' | 'none' {
    if (this.runs.size < this.slots) return 'any';
    if (this.runs.size > this.slots || !this.hasLane) return 'none';
    for (const run of this.runs) if (!this.isLong(run, now)) return 'none';
    return 'short';
  }

  isShort(seconds: number): boolean {
    return seconds <= this.shortSeconds;
  }

  /** Seconds of the runs under way that are still to come. */
  remaining(now: number): number {
    let seconds = 0;
    for (const { began, predicted } of this.runs) seconds += Math.max(0, predicted - (now - began));
    return seconds;
  }

  /** One that was predicted short and has lasted long is long. */
  private isLong({ began, predicted }: Running, now: number): boolean {
    return Math.max(predicted, now - began) > 2 * this.shortSeconds;
  }
}

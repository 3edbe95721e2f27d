/**
 * When requests are sent. Closed loop: so many callers, each waits for its answer and asks again. Open loop: at times of a Poisson process,
 * whether or not there are answers, as independent callers do; what cannot be sent in time is sent late and still counts from when it was due,
 * so that a server that stalls is charged for all whom it kept waiting.
 */
import { setTimeout as delay } from 'node:timers/promises';

export interface Limits {
  /** How many requests, and for how long they begin; Infinity for no limit. */
  readonly requests: number;
  readonly seconds: number;
}

/** Sends a request that was due at this time of `performance.now()`; resolves when it is over. Never rejects. */
export type Send = (due: number) => Promise<void>;

/** Both resolve when all that was sent is over; with how many were due and never sent. */
export async function closedLoop(
  concurrency: number,
  limits: Limits,
  send: Send,
  stopped: AbortSignal,
): Promise<number> {
  const deadline = performance.now() + 1000 * limits.seconds;
  let left = limits.requests;
  const caller = async (): Promise<void> => {
    while (left > 0 && performance.now() < deadline && !stopped.aborted) {
      left -= 1;
      await send(performance.now());
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, left) }, caller));
  return 0;
}

/** At most `most` requests are under way; `gaps` gives the milliseconds from one to the next. */
export async function openLoop(
  gaps: () => number,
  most: number,
  limits: Limits,
  send: Send,
  stopped: AbortSignal,
): Promise<number> {
  const started = performance.now();
  const deadline = started + 1000 * limits.seconds;
  const gate = new Gate(most);
  let left = limits.requests;
  let due = started + gaps();
  for (; left > 0 && due < deadline; due += gaps(), left--) {
    await until(due, stopped);
    const hadToWait = await gate.room();
    if (stopped.aborted || (hadToWait && performance.now() >= deadline)) break;
    void gate.pass(() => send(due));
  }
  await gate.empty();
  return stopped.aborted ? 0 : countDue(due, deadline, left, gaps);
}

/** Milliseconds between arrivals of a Poisson process; `next` gives numbers in [0, 1). */
export function poissonGaps(perSecond: number, next: () => number): () => number {
  return () => (-Math.log(1 - next()) * 1000) / perSecond;
}

async function until(due: number, stopped: AbortSignal): Promise<void> {
  for (let wait = due - performance.now(); wait > 0 && !stopped.aborted; wait = due - performance.now()) {
    await delay(wait, undefined, { signal: stopped }).catch(() => {});
  }
}

function countDue(first: number, deadline: number, left: number, gaps: () => number): number {
  let count = 0;
  for (let due = first; due < deadline && count < left; due += gaps()) count++;
  return count;
}

/** Lets so many in at a time. */
class Gate {
  private readonly most: number;
  private inside = 0;
  private wake = (): void => {};

  constructor(most: number) {
    this.most = most;
  }

  /** Waits until one more may enter; says whether that took a wait. */
  async room(): Promise<boolean> {
    if (this.inside < this.most) return false;
    while (this.inside >= this.most) await this.change();
    return true;
  }

  async pass(work: () => Promise<void>): Promise<void> {
    this.inside += 1;
    await work();
    this.inside -= 1;
    this.wake();
  }

  async empty(): Promise<void> {
    while (this.inside > 0) await this.change();
  }

  private change(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }
}

/**
 * One computation for each key, however many wait for it. Whoever cancels or runs out of time leaves alone; the flight goes on while
 * anyone still waits, and is aborted when the last one has left. A failure goes to everyone who waits, and nothing is remembered.
 */
import { FloeError } from '@floe/graph/base';

export interface Waiter {
  readonly signal: AbortSignal;
  /** On the clock of `performance.now()`; Infinity for never. That of a flight which waits for another may move while it waits. */
  readonly deadline: number;
  /**
   * What this waiter starts works on memory that belongs to it: its own promise settles only once the flight has landed, even if it has
   * left before.
   */
  readonly lends?: boolean;
}

/** What a computation is told of those who wait. */
export interface Flight {
  /** Aborts when all have left. */
  readonly signal: AbortSignal;
  /** The latest deadline of those who wait now; later waiters may move it. */
  readonly deadline: number;
}

/** The longest time that a timer can have: 24 days. Whoever would wait longer waits without one. */
const LONGEST_TIMER = 2 ** 31 - 1;

class Shared<Value> implements Flight {
  readonly landed: Promise<Value>;
  private readonly controller = new AbortController();
  private readonly waiting = new Set<Waiter>();
  private readonly onEmpty: () => void;

  constructor(start: (flight: Flight) => Promise<Value>, first: Waiter, onEmpty: () => void) {
    this.onEmpty = onEmpty;
    this.waiting.add(first);
    this.landed = start(this);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get deadline(): number {
    let latest = 0;
    for (const { deadline } of this.waiting) latest = Math.max(latest, deadline);
    return latest;
  }

  /** Settles as the flight does, or with CANCELLED or DEADLINE_EXCEEDED as soon as this waiter leaves. */
  wait(waiter: Waiter): Promise<Value> {
    this.waiting.add(waiter);
    const { signal } = waiter;
    return new Promise<Value>((resolve, reject) => {
      const leave = (error: FloeError): void => {
        done();
        this.waiting.delete(waiter);
        if (this.waiting.size === 0) this.abandon();
        reject(error);
      };
      const onAbort = (): void => leave(new FloeError('CANCELLED', 'the caller has gone'));
      const stopClock = atDeadline(waiter, () => leave(tooLate()));
      const done = (): void => {
        stopClock();
        signal.removeEventListener('abort', onAbort);
      };
      signal.addEventListener('abort', onAbort);
      this.landed.finally(done).then(resolve, reject);
    });
  }

  private abandon(): void {
    this.onEmpty();
    this.controller.abort(new FloeError('CANCELLED', 'everyone who waited has gone'));
  }
}

export class SingleFlight<Value> {
  private readonly flights = new Map<string, Shared<Value>>();

  /** Flights under way. */
  get size(): number {
    return this.flights.size;
  }

  /** Whether asking for `key` now would share a flight. */
  has(key: string): boolean {
    return this.flights.has(key);
  }

  /** Joins the flight of `key`, or starts one. Throws CANCELLED, DEADLINE_EXCEEDED, or what `start` throws. */
  async run(key: string, waiter: Waiter, start: (flight: Flight) => Promise<Value>): Promise<Value> {
    if (waiter.signal.aborted) throw new FloeError('CANCELLED', 'the caller has gone');
    if (waiter.deadline <= performance.now()) throw tooLate();
    const under = this.flights.get(key);
    if (under !== undefined) return under.wait(waiter);
    const flight = this.start(key, waiter, start);
    const answer = flight.wait(waiter);
    if (waiter.lends !== true) return answer;
    await Promise.allSettled([answer, flight.landed]);
    return answer;
  }

  private start(key: string, waiter: Waiter, start: (flight: Flight) => Promise<Value>): Shared<Value> {
    const remove = (): void => {
      if (this.flights.get(key) === flight) this.flights.delete(key);
    };
    const flight = new Shared(async (under: Flight) => start(under), waiter, remove);
    this.flights.set(key, flight);
    flight.landed.then(remove, remove);
    return flight;
  }
}

/** Looks at the deadline again when it seems to have come. Gives what stops that. */
function atDeadline(waiter: Waiter, act: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const wait = (): void => {
    const left = waiter.deadline - performance.now();
    if (left <= LONGEST_TIMER) timer = setTimeout(look, Math.max(0, left));
  };
  const look = (): void => (waiter.deadline <= performance.now() ? act() : wait());
  wait();
  return () => clearTimeout(timer);
}

function tooLate(): FloeError {
  return new FloeError('DEADLINE_EXCEEDED', 'the deadline passed before there was an answer');
}

/**
 * Single flight: whoever asks for what is already under way waits for that. A caller may leave at any time without harm to the
 * others; when the last has left, the work is told to stop.
 */
import { checkPatience, type Patience, patiently } from './patience.ts';

/** What the work is told of those who wait. */
export interface Flight {
  /** Aborts when all have left. */
  readonly signal: AbortSignal;
}

interface Shared<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  callers: number;
}

export class Flights<T> {
  private readonly underWay = new Map<string, Shared<T>>();

  /** Settles with the work's result, or with CANCELLED or DEADLINE_EXCEEDED when this caller's own patience ends. */
  async run(key: string, patience: Patience, work: (flight: Flight) => Promise<T>): Promise<T> {
    checkPatience(patience);
    const flight = this.underWay.get(key) ?? this.start(key, work);
    flight.callers += 1;
    try {
      return await patiently(flight.result, patience);
    } finally {
      flight.callers -= 1;
      if (flight.callers === 0) {
        this.forget(key, flight);
        flight.controller.abort();
      }
    }
  }

  private start(key: string, work: (flight: Flight) => Promise<T>): Shared<T> {
    const controller = new AbortController();
    const flight: Shared<T> = { result: work({ signal: controller.signal }), controller, callers: 0 };
    this.underWay.set(key, flight);
    const landed = (): void => this.forget(key, flight);
    flight.result.then(landed, landed);
    return flight;
  }

  /** A newcomer must not join what has landed or was told to stop. */
  private forget(key: string, flight: Shared<T>): void {
    if (this.underWay.get(key) === flight) this.underWay.delete(key);
  }
}

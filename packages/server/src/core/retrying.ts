/** Trying again what may come right by itself: first soon, then ever later. */
export interface Retries {
  /** Seconds before the second try, the third, ...; the last one holds from then on. */
  readonly seconds: readonly number[];
  /** Whether another try may help. */
  readonly isWorth: (error: unknown) => boolean;
  /** Told of each failure after which it is tried again. */
  readonly onFailure: (error: unknown, seconds: number) => void;
  /** Waits; resolves early when `signal` aborts. */
  readonly wait: (seconds: number, signal: AbortSignal) => Promise<unknown>;
  /** Ends the tries. */
  readonly signal: AbortSignal;
}

/** Resolves with true when `work` has succeeded, with false when the signal came first. Throws what is not worth another try. */
export async function retrying(work: () => Promise<void>, retries: Retries): Promise<boolean> {
  const { seconds, signal } = retries;
  for (let tries = 0; !signal.aborted; tries++) {
    try {
      await work();
      return true;
    } catch (error) {
      if (!retries.isWorth(error)) throw error;
      const pause = seconds[Math.min(tries, seconds.length - 1)] ?? 1;
      retries.onFailure(error, pause);
      await retries.wait(pause, signal);
    }
  }
  return false;
}

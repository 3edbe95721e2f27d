/**
 * A byte-bounded cache whose values are made once however many ask: for what follows from its key alone, such as a decoded image from
 * the digests of its bytes and of its preprocessing.
 */
import { ByteCache, type CacheStats } from './byte-cache.ts';
import { type Flight, SingleFlight, type Waiter } from './single-flight.ts';

export class FlightCache<Value extends object> {
  private readonly store: ByteCache<Value>;
  private readonly flights = new SingleFlight<Value>();
  private readonly bytesOf: (value: Value) => number;

  /** Holds at most `limit` bytes, by what `bytesOf` says of each value. */
  constructor(limit: number, bytesOf: (value: Value) => number) {
    this.store = new ByteCache(limit);
    this.bytesOf = bytesOf;
  }

  /** The value, made by `make` where it is not there. Shared: only to be read. Throws what `make` throws, CANCELLED, DEADLINE_EXCEEDED. */
  async load(key: string, waiter: Waiter, make: (flight: Flight) => Promise<Value>): Promise<Value> {
    const found = this.store.get(key);
    if (found !== undefined) return found;
    return this.flights.run(key, waiter, async (flight) => {
      const value = await make(flight);
      this.store.set(key, value, this.bytesOf(value));
      return value;
    });
  }

  stats(): CacheStats {
    return this.store.stats();
  }
}

/**
 * One image -> one row: from the cache, from whoever is decoding the same image just now, or decoded when the scheduler says so. The
 * row belongs to all who ask for it.
 */
import { FloeError, type Tensor } from '@floe/graph/base';
import { SingleFlight } from '../cache/single-flight.ts';
import type { Terms } from '../core/terms.ts';
import type { ImageSource } from './identify.ts';
import { type ImageLimits, imageToTensor } from './image.ts';
import { ImageCosts } from './image-cost.ts';
import type { Schedule, TensorCache } from './ports.ts';

/** Images asked for are those of all four, but for the ones that were left by all who had asked. */
export interface ImageStats {
  /** Taken from the cache. */
  readonly hits: number;
  /** Waited for what was under way. */
  readonly shared: number;
  readonly decoded: number;
  readonly failed: number;
  /** Spent on decoding and resizing, wall time. */
  readonly seconds: number;
}

export class Preparer {
  private readonly limits: ImageLimits;
  private readonly schedule: Schedule;
  private readonly cache: TensorCache | undefined;
  private readonly flights = new SingleFlight<Tensor>();
  private readonly costs = new ImageCosts();
  private readonly counts = { hits: 0, shared: 0, decoded: 0, failed: 0, seconds: 0 };

  constructor(limits: ImageLimits, schedule: Schedule, cache?: TensorCache) {
    this.limits = limits;
    this.schedule = schedule;
    this.cache = cache;
  }

  /** Seconds that decoding and resizing is predicted to take. */
  predict({ header, bytes, target }: ImageSource): number {
    return this.costs.predict(header, bytes.length, target.spec);
  }

  stats(): ImageStats {
    return { ...this.counts };
  }

  async row(source: ImageSource, terms: Terms): Promise<Tensor> {
    const key = `${source.digest} ${source.target.digest}`;
    const cached = this.cache?.get(key);
    if (cached !== undefined) {
      this.counts.hits += 1;
      return cached;
    }
    // What fails names the input: those that share a failure have to share the name.
    const flight = `${key} ${source.target.input}`;
    if (this.flights.has(flight)) this.counts.shared += 1;
    return this.flights.run(flight, terms, async ({ signal }) => {
      const bytes = source.isLent ? new Uint8Array(source.bytes) : source.bytes;
      // The flight ends when its last caller has left, whose deadlines need not be the first one's.
      const shared = { ...terms, signal, deadline: Number.POSITIVE_INFINITY };
      const row = await this.schedule(this.predict(source), shared, () => this.decode(bytes, source, signal));
      this.cache?.set(key, row, (row.data as Uint8Array).byteLength);
      return row;
    });
  }

  private async decode(bytes: Uint8Array, { header, target }: ImageSource, signal: AbortSignal): Promise<Tensor> {
    if (signal.aborted) throw new FloeError('CANCELLED', 'the caller has gone');
    const { spec, dtype, input } = target;
    const start = performance.now();
    try {
      const row = await imageToTensor(bytes, spec, this.limits, input, dtype);
      const seconds = (performance.now() - start) / 1000;
      this.costs.learn(header, bytes.length, spec, seconds);
      this.counts.decoded += 1;
      this.counts.seconds += seconds;
      return row;
    } catch (error) {
      this.counts.failed += 1;
      throw error;
    }
  }
}

/** What all requests for each version of each model came to, since it was loaded: what Triton's clients ask for as statistics. */
import type { Notes } from '../core/terms.ts';

/** Seconds, and how often. */
export interface Total {
  count: number;
  seconds: number;
}

export interface VersionTotals {
  readonly success: Total;
  readonly fail: Total;
  readonly queue: Total;
  /** Runs of the engine. */
  readonly infer: Total;
  readonly cacheHit: Total;
  readonly cacheMiss: Total;
  /** When the latest answer was given, in milliseconds since 1970; 0 before the first. */
  lastAnswer: number;
}

export interface Ended {
  readonly model: string;
  /** Of HTTP. */
  readonly status: number;
  readonly seconds: number;
  readonly notes: Notes;
}

const OK = 200;

export class ModelTotals {
  private readonly models = new Map<string, Map<number, VersionTotals>>();

  /** Counts a request whose version is known. */
  add({ model, status, seconds, notes: { cache, queue } }: Ended): void {
    if (cache?.version === undefined) return;
    const totals = this.entry(model, cache.version);
    if (status !== OK) {
      count(totals.fail, seconds);
      return;
    }
    count(totals.success, seconds);
    totals.lastAnswer = Date.now();
    if (cache.state !== 'bypass') count(cache.state === 'hit' ? totals.cacheHit : totals.cacheMiss, seconds);
    if (queue === undefined) return;
    count(totals.queue, queue.wait ?? 0);
    count(totals.infer, queue.actual ?? 0);
  }

  of(model: string, version: number): VersionTotals {
    return this.models.get(model)?.get(version) ?? nothing();
  }

  /** Lets go of the others: versions follow each other for as long as a server runs. */
  keepOnly(isThere: (model: string, version: number) => boolean): void {
    for (const [model, versions] of this.models) {
      for (const version of versions.keys()) if (!isThere(model, version)) versions.delete(version);
      if (versions.size === 0) this.models.delete(model);
    }
  }

  private entry(model: string, version: number): VersionTotals {
    const versions = this.models.get(model) ?? new Map<number, VersionTotals>();
    this.models.set(model, versions);
    const totals = versions.get(version) ?? nothing();
    versions.set(version, totals);
    return totals;
  }
}

function count(total: Total, seconds: number): void {
  total.count += 1;
  total.seconds += seconds;
}

function nothing(): VersionTotals {
  const zero = (): Total => ({ count: 0, seconds: 0 });
  return {
    success: zero(),
    fail: zero(),
    queue: zero(),
    infer: zero(),
    cacheHit: zero(),
    cacheMiss: zero(),
    lastAnswer: 0,
  };
}

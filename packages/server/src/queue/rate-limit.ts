/**
 * Requests per second by caller, for callers whose key says how many. A bucket of tokens for each: it holds one second's worth, so that a
 * caller may be uneven but not over its rate for long. Asked once for a request, at the door: an answer from the cache counts too.
 */
import { FloeError } from '@floe/graph/base';
import type { Caller } from '../core/terms.ts';

interface Bucket {
  tokens: number;
  /** Milliseconds. */
  filled: number;
}

export class RateLimits {
  private readonly buckets = new Map<string, Bucket>();
  private readonly now: () => number;

  /** `now`: milliseconds. */
  constructor(now: () => number) {
    this.now = now;
  }

  /** Throws RESOURCE_EXHAUSTED with the seconds until the next request may come. */
  take({ name, requestsPerSecond }: Caller): void {
    if (requestsPerSecond === undefined) return;
    const now = this.now();
    const most = Math.max(1, requestsPerSecond);
    const bucket = this.buckets.get(name) ?? { tokens: most, filled: now };
    this.buckets.set(name, bucket);
    bucket.tokens = Math.min(most, bucket.tokens + ((now - bucket.filled) / 1000) * requestsPerSecond);
    bucket.filled = now;
    if (bucket.tokens < 1) throw tooMany(name, requestsPerSecond, (1 - bucket.tokens) / requestsPerSecond);
    bucket.tokens--;
  }
}

function tooMany(caller: string, rate: number, retryAfterSeconds: number): FloeError {
  return new FloeError('RESOURCE_EXHAUSTED', `${caller} may send ${rate} requests per second`, { retryAfterSeconds });
}

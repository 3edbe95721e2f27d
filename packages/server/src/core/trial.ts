/**
 * How a version on trial does beside the one that it may replace: answers, failures and the time of runs of both, from the start of the
 * trial. Counts only what asked for no version, since only that is shared out between the two.
 */
import type { ErrorCode } from '@floe/graph/base';

/** What the caller, its deadline or the load brought about says nothing of a version. */
const NOT_THE_VERSIONS: ReadonlySet<ErrorCode> = new Set(['CANCELLED', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED']);

/** Four buckets for each doubling, from a microsecond on. */
const PER_DOUBLING = 4;
const FIRST_SECONDS = 1e-6;
const BUCKETS = 128;

export interface Health {
  readonly answers: number;
  readonly failures: number;
  /** Seconds within which 95 % of the runs ended, to a fifth; undefined before the first. Answers from a cache are no runs. */
  readonly p95: number | undefined;
}

class Tally {
  private answers = 0;
  private failures = 0;
  private runs = 0;
  private readonly buckets = new Uint32Array(BUCKETS);

  answered(seconds: number | undefined): void {
    this.answers++;
    if (seconds === undefined) return;
    const bucket = Math.floor(Math.log2(seconds / FIRST_SECONDS) * PER_DOUBLING);
    const at = Math.min(BUCKETS - 1, Math.max(0, bucket));
    this.buckets[at] = (this.buckets[at] ?? 0) + 1;
    this.runs++;
  }

  failed(): void {
    this.failures++;
  }

  health(): Health {
    return { answers: this.answers, failures: this.failures, p95: this.quantile(0.95) };
  }

  private quantile(share: number): number | undefined {
    if (this.runs === 0) return undefined;
    let within = 0;
    let at = 0;
    while (within < this.runs * share) within += this.buckets[at++] ?? 0;
    return FIRST_SECONDS * 2 ** (at / PER_DOUBLING);
  }
}

export class Trial {
  readonly version: number;
  private readonly canary = new Tally();
  private readonly stable = new Tally();

  constructor(version: number) {
    this.version = version;
  }

  /** `seconds` that the run took; undefined where the answer was known. */
  answered(version: number, seconds: number | undefined): void {
    this.of(version).answered(seconds);
  }

  failed(version: number, code: ErrorCode): void {
    if (!NOT_THE_VERSIONS.has(code)) this.of(version).failed();
  }

  health(): { readonly canary: Health; readonly stable: Health } {
    return { canary: this.canary.health(), stable: this.stable.health() };
  }

  private of(version: number): Tally {
    return version === this.version ? this.canary : this.stable;
  }
}

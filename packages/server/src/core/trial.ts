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

/** Seconds within which 95 % of the runs ended, to a fifth, and what that may really be. */
export interface Quantile {
  readonly value: number;
  readonly low: number;
  /** Infinite while there are too few runs to tell. */
  readonly high: number;
}

export interface Health {
  readonly answers: number;
  readonly failures: number;
  /** Undefined before the first run. Answers from a cache are no runs. */
  readonly p95: Quantile | undefined;
}

const SHARE = 0.95;
/** Standard deviations of the rank. Three: what disturbs a machine disturbs many runs at once, so they are not as independent as they are counted. */
const CERTAINTY = 3;

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
    return { answers: this.answers, failures: this.failures, p95: this.p95() };
  }

  /** The bounds are those of the rank, which is binomial whatever the times are like. */
  private p95(): Quantile | undefined {
    if (this.runs === 0) return undefined;
    const spread = CERTAINTY * Math.sqrt((SHARE * (1 - SHARE)) / this.runs);
    const high = SHARE + spread > 1 ? Number.POSITIVE_INFINITY : this.quantile(SHARE + spread);
    return { value: this.quantile(SHARE), low: this.quantile(Math.max(0, SHARE - spread)), high };
  }

  private quantile(share: number): number {
    let within = 0;
    let at = 0;
    while (within < this.runs * share && at < BUCKETS) within += this.buckets[at++] ?? 0;
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

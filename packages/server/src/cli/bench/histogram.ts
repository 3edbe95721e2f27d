/**
 * Latencies in buckets whose bounds grow by 1.1 %: any number of them in 16 KB, each quantile right to that. Mean and maximum are exact.
 */

/** Buckets between a value and its double. */
const PER_DOUBLING = 64;
/** From a microsecond to an hour. */
const BUCKETS = 32 * PER_DOUBLING;
const MICROSECONDS = 1000;

export class Histogram {
  private readonly counts = new Float64Array(BUCKETS);
  private total = 0;
  private sum = 0;
  private most = 0;

  record(milliseconds: number): void {
    const bucket = Math.floor(Math.log2(Math.max(1, milliseconds * MICROSECONDS)) * PER_DOUBLING);
    const at = Math.min(BUCKETS - 1, bucket);
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.total += 1;
    this.sum += milliseconds;
    this.most = Math.max(this.most, milliseconds);
  }

  add(other: Histogram): void {
    other.counts.forEach((count, at) => {
      this.counts[at] = (this.counts[at] ?? 0) + count;
    });
    this.total += other.total;
    this.sum += other.sum;
    this.most = Math.max(this.most, other.most);
  }

  get count(): number {
    return this.total;
  }

  get mean(): number {
    return this.total === 0 ? 0 : this.sum / this.total;
  }

  get max(): number {
    return this.most;
  }

  /** Milliseconds that the share `q` of what was recorded did not exceed; 0 of nothing. */
  quantile(q: number): number {
    const wanted = Math.max(1, Math.ceil(q * this.total));
    let seen = 0;
    for (const [at, count] of this.counts.entries()) {
      seen += count;
      if (seen >= wanted) return Math.min(this.most, 2 ** ((at + 1) / PER_DOUBLING) / MICROSECONDS);
    }
    return 0;
  }
}

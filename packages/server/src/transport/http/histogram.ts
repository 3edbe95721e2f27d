/** The library's own histogram takes observations only; this one shows numbers that were counted elsewhere. */
import type { Metric } from '@prometheus-io/client';
import { BUCKETS, type Durations } from '../request-metrics.ts';

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly durations: Durations;
}

export interface HistogramWords {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Of bounds and sum, which are counted in seconds. */
  readonly unitsPerSecond: number;
}

/** `series` is called whenever the histogram is read. */
export function durationHistogram(words: HistogramWords, series: () => Iterable<Series>): Metric<string> {
  const { name, help, labelNames } = words;
  const histogram = {
    name,
    help,
    type: 'histogram',
    labelNames,
    aggregator: 'sum',
    get: async () => ({ ...histogram, values: [...series()].flatMap((one) => samples(words, one)) }),
  };
  return histogram as unknown as Metric<string>;
}

/** Buckets hold all that is below their bound, as the format wants it. */
function samples({ name, unitsPerSecond }: HistogramWords, { labels, durations: { counts, sum } }: Series): object[] {
  let below = 0;
  const buckets = counts.map((count, at) => {
    below += count;
    return { metricName: `${name}_bucket`, labels: { le: bound(at, unitsPerSecond), ...labels }, value: below };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum * unitsPerSecond },
    { metricName: `${name}_count`, labels, value: below },
  ];
}

/** Twelve digits: a bound of 0.0001 s is 100 us and not 100.00000000000001. */
function bound(at: number, unitsPerSecond: number): number | '+Inf' {
  const seconds = BUCKETS[at];
  return seconds === undefined ? '+Inf' : Number((seconds * unitsPerSecond).toPrecision(12));
}

/** The result of a load test: figures for `--json`, a table for people, a plot. */
import { table } from '../output.ts';
import type { Histogram } from './histogram.ts';
import type { RequestClass } from './mix.ts';
import type { Tally } from './tally.ts';

/** Milliseconds. */
export interface Latency {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface ClassReport extends Latency {
  readonly name: string;
  readonly rows: number;
  readonly answers: number;
}

export interface Report {
  readonly target: string;
  readonly load: { readonly rate: number; readonly seed: number } | { readonly concurrency: number };
  readonly seconds: number;
  readonly answers: number;
  readonly answersPerSecond: number;
  readonly rowsPerSecond: number;
  /** Requests without an answer, by status or code; `unsent` were due and never sent. */
  readonly errors: Readonly<Record<string, number>>;
  readonly latency: Latency;
  readonly classes: readonly ClassReport[];
  /** How late requests were sent; counted in the latencies too. */
  readonly lateness: Latency;
  readonly cpu?: { readonly seconds: number; readonly perAnswer: number };
}

export interface Measured {
  readonly target: string;
  readonly load: Report['load'];
  readonly seconds: number;
  readonly cpuSeconds: number | undefined;
}

export function reportOf(measured: Measured, classes: readonly RequestClass[], all: Histogram, tally: Tally): Report {
  const { target, load, seconds, cpuSeconds } = measured;
  const answers = all.count;
  return {
    target,
    load,
    seconds,
    answers,
    answersPerSecond: answers / seconds,
    rowsPerSecond: tally.rows / seconds,
    errors: Object.fromEntries([...tally.failures].toSorted()),
    latency: latencyOf(all),
    classes: classes.map(({ name, rows }, at) => {
      const histogram = tally.latencies[at] as Histogram;
      return { name, rows, answers: histogram.count, ...latencyOf(histogram) };
    }),
    lateness: latencyOf(tally.lateness),
    ...(cpuSeconds === undefined
      ? {}
      : { cpu: { seconds: cpuSeconds, perAnswer: answers > 0 ? cpuSeconds / answers : 0 } }),
  };
}

function latencyOf(histogram: Histogram): Latency {
  const [p50 = 0, p90 = 0, p95 = 0, p99 = 0] = [0.5, 0.9, 0.95, 0.99].map((q) => histogram.quantile(q));
  return { mean: histogram.mean, p50, p90, p95, p99, max: histogram.max };
}

export function reportText(report: Report): string {
  const { target, load, seconds, answers, classes, latency, lateness, cpu } = report;
  const how = 'rate' in load ? `${load.rate} requests/s, open loop` : `${load.concurrency} callers, closed loop`;
  const errors = Object.entries(report.errors).map(([outcome, count]) => `${count} x ${outcome}`);
  const figures = (one: Latency): string[] =>
    [one.mean, one.p50, one.p90, one.p95, one.p99, one.max].map((value) => value.toFixed(2));
  const rows = classes.map((one) => [one.name, String(one.answers), ...figures(one), '']);
  const sum = ['all', String(answers), ...figures(latency), ''];
  const late = ['sent late by', '', ...figures(lateness), ''];
  return [
    `${target}: ${how}, ${seconds.toFixed(1)} s`,
    `${report.answersPerSecond.toFixed(1)} answers/s, ${report.rowsPerSecond.toFixed(1)} rows/s`,
    `errors: ${errors.length === 0 ? 'none' : errors.join(', ')}`,
    table([
      ['ms', 'answers', 'mean', 'p50', 'p90', 'p95', 'p99', 'max', ''],
      ...(classes.length > 1 ? rows : []),
      sum,
      ...('rate' in load ? [late] : []),
    ]),
    ...(cpu === undefined
      ? []
      : [`server: ${cpu.seconds.toFixed(2)} s of CPU, ${(1000 * cpu.perAnswer).toFixed(3)} ms an answer`]),
  ].join('\n');
}

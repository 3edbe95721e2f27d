/**
 * The counts that dashboards of TensorFlow Serving look for, under its names (`/tensorflow/serving/request_count` and `request_latency`, slashes as
 * colons), from what is counted anyhow. Sources: servables/tensorflow/util.cc, util/prometheus_exporter.cc.
 */
import type { Metric, Registry } from '@prometheus-io/client';
import { HTTP_STATUS } from '../../core/http-status.ts';
import type { RequestMetrics } from '../request-metrics.ts';
import { durationHistogram, type Series } from './histogram.ts';
import type { HttpMetrics } from './metrics.ts';
import { Numbers } from './numbers.ts';

const COUNT = ':tensorflow:serving:request_count';
const LATENCY = ':tensorflow:serving:request_latency';
const MICROSECONDS = 1e6;
/** What TensorFlow Serving's REST API is called in our counts. */
const REST = 'tfs';
const GRPC = /^tensorflow\.serving\.PredictionService\/(\w+)$/;

/** The names of codes by HTTP status: the first that has it. */
const CODES = new Map(
  Object.entries(HTTP_STATUS)
    .map(([code, status]) => [String(status), code] as const)
    .reverse(),
);

export function addServingNames(registry: Registry, metrics: HttpMetrics): void {
  const { counter } = new Numbers(registry);
  counter(COUNT, 'Requests by model and status.', () => [...counts(metrics)], ['model_name', 'status']);
  registry.registerMetric(latency(metrics));
}

function counts(metrics: HttpMetrics): Iterable<[Record<string, string>, number]> {
  const sums = new Map<string, [{ model_name: string; status: string }, number]>();
  const add = (model: string, status: string, count: number): void => {
    const key = `${status} ${model}`;
    const before = sums.get(key)?.[1] ?? 0;
    sums.set(key, [{ model_name: model, status }, before + count]);
  };
  for (const { kind, model, code, count } of metrics.answers.values())
    if (kind === REST && model !== '') add(model, code === '200' ? 'OK' : (CODES.get(code) ?? 'UNKNOWN'), count);
  for (const { kind, model, code, count } of metrics.grpc.answers.values())
    if (GRPC.test(kind)) add(model, code, count);
  return sums.values();
}

function latency(metrics: HttpMetrics): Metric<string> {
  return durationHistogram(
    {
      name: LATENCY,
      help: 'Microseconds of requests by model, API and entry point.',
      labelNames: ['model_name', 'API', 'entrypoint'],
      unitsPerSecond: MICROSECONDS,
    },
    () => [...series(metrics, REST), ...series(metrics.grpc, 'grpc')],
  );
}

function series({ durations }: RequestMetrics, from: string): Series[] {
  return [...durations.values()].flatMap((one) => {
    const api = from === REST ? one.kind === REST && 'predict' : GRPC.exec(one.kind)?.[1];
    if (typeof api !== 'string' || one.model === '') return [];
    const labels = { model_name: one.model, API: api, entrypoint: from === REST ? 'REST' : 'GRPC' };
    return [{ labels, durations: one }];
  });
}

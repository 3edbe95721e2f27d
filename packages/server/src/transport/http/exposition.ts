/** Prometheus' form of what `metrics.ts` counts. Loaded by the first request for it: no start waits for the library. */
import { Counter, type Metric, Registry } from '@prometheus-io/client';
import { BUCKETS, cpuSeconds, type Durations, type HttpMetrics } from './metrics.ts';
import { Numbers } from './numbers.ts';
import type { Observed } from './observed.ts';
import { addObserved } from './observed-metrics.ts';

/** A registry that reads `metrics` anew whenever it is asked. */
export function exposition(metrics: HttpMetrics, observed: Observed): Registry {
  const registry = new Registry();
  addAnswers(registry, metrics);
  registry.registerMetric(durationHistogram(metrics));
  addNumbers(registry, metrics);
  addObserved(registry, observed);
  return registry;
}

function addAnswers(registry: Registry, { answers }: HttpMetrics): void {
  new Counter({
    name: 'floe_http_requests_total',
    help: 'Requests answered, by protocol, model and HTTP status.',
    labelNames: ['protocol', 'model', 'code'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { labels, count } of answers.values()) this.inc(labels, count);
    },
  });
}

function addNumbers(registry: Registry, metrics: HttpMetrics): void {
  const { counter, gauge } = new Numbers(registry);
  gauge('floe_http_in_flight', 'Requests under way.', () => metrics.inFlight);
  counter('floe_http_request_bytes_total', 'Bytes of request bodies, as sent.', () => metrics.bytesIn);
  counter('floe_http_response_bytes_total', 'Bytes of answer bodies.', () => metrics.bytesOut);
  counter('floe_process_cpu_seconds_total', 'CPU seconds of the whole process, all threads.', cpuSeconds);
  gauge(
    'floe_cpu_seconds_per_1000_answers',
    'CPU seconds of the process for 1,000 answers about models, since start.',
    () => metrics.cpuSecondsPer1000(),
  );
  gauge('floe_event_loop_delay_p99_seconds', '99th percentile of how late the event loop runs, since start.', () =>
    metrics.loopDelayP99(),
  );
  gauge(
    'floe_event_loop_delay_longest_seconds',
    'Longest that the event loop was held up, since this was asked last.',
    () => metrics.longestLoopDelay(),
  );
}

/** The library's own histogram takes observations only; this one shows numbers that were counted elsewhere. */
function durationHistogram({ durations }: HttpMetrics): Metric<string> {
  const name = 'floe_http_request_duration_seconds';
  const histogram = {
    name,
    help: 'Seconds from the head of a request to the end of its answer.',
    type: 'histogram',
    labelNames: ['protocol', 'model'],
    aggregator: 'sum',
    get: async () => ({ ...histogram, values: [...durations.values()].flatMap((series) => samples(name, series)) }),
  };
  return histogram as unknown as Metric<string>;
}

/** Buckets hold all that is below their bound, as the format wants it. */
function samples(name: string, { labels, counts, sum }: Durations): object[] {
  let below = 0;
  const buckets = counts.map((count, at) => {
    below += count;
    return { metricName: `${name}_bucket`, labels: { le: BUCKETS[at] ?? '+Inf', ...labels }, value: below };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: below },
  ];
}

/** Prometheus' form of what `metrics.ts` counts. Loaded by the first request for it: no start waits for the library. */
import { Registry } from '@prometheus-io/client';
import type { RequestMetrics } from '../request-metrics.ts';
import { durationHistogram } from './histogram.ts';
import { cpuSeconds, type HttpMetrics } from './metrics.ts';
import { Numbers } from './numbers.ts';
import type { Observed } from './observed.ts';
import { addObserved } from './observed-metrics.ts';
import { addServingNames } from './serving-metrics.ts';

/** A registry that reads `metrics` anew whenever it is asked; `servingNames`: under TensorFlow Serving's names, too. */
export function exposition(metrics: HttpMetrics, observed: Observed, servingNames: boolean): Registry {
  const registry = new Registry();
  addRequests(registry, metrics, HTTP);
  addRequests(registry, metrics.grpc, GRPC);
  addProcess(registry, metrics);
  addObserved(registry, observed);
  if (servingNames) addServingNames(registry, metrics);
  return registry;
}

/** How the requests of one server are told of. */
interface Words {
  readonly prefix: string;
  /** Label that says what was asked. */
  readonly kind: string;
  readonly answers: string;
  readonly durations: string;
  readonly bytesIn: string;
  readonly bytesOut: string;
}

const HTTP: Words = {
  prefix: 'floe_http',
  kind: 'protocol',
  answers: 'Requests answered, by protocol, model and HTTP status.',
  durations: 'Seconds from the head of a request to the end of its answer.',
  bytesIn: 'Bytes of request bodies, as sent.',
  bytesOut: 'Bytes of answer bodies.',
};

const GRPC: Words = {
  prefix: 'floe_grpc',
  kind: 'method',
  answers: 'Calls answered, by method, model and canonical code.',
  durations: 'Seconds from the head of a call to the end of its answer.',
  bytesIn: 'Bytes of messages of requests, as sent.',
  bytesOut: 'Bytes of messages of answers.',
};

function addRequests(registry: Registry, metrics: RequestMetrics, words: Words): void {
  const { counter, gauge } = new Numbers(registry);
  const { prefix, kind } = words;
  counter(
    `${prefix}_requests_total`,
    words.answers,
    () =>
      [...metrics.answers.values()].map((one) => [{ [kind]: one.kind, model: one.model, code: one.code }, one.count]),
    [kind, 'model', 'code'],
  );
  registry.registerMetric(
    durationHistogram(
      {
        name: `${prefix}_request_duration_seconds`,
        help: words.durations,
        labelNames: [kind, 'model'],
        unitsPerSecond: 1,
      },
      () =>
        [...metrics.durations.values()].map((one) => ({
          labels: { [kind]: one.kind, model: one.model },
          durations: one,
        })),
    ),
  );
  gauge(`${prefix}_in_flight`, 'Requests under way.', () => metrics.inFlight);
  counter(`${prefix}_request_bytes_total`, words.bytesIn, () => metrics.bytesIn);
  counter(`${prefix}_response_bytes_total`, words.bytesOut, () => metrics.bytesOut);
}

function addProcess(registry: Registry, metrics: HttpMetrics): void {
  const { counter, gauge } = new Numbers(registry);
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

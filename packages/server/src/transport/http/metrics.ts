/**
 * What is counted of every request. Labels are bounded: protocols are few, a model that is not served counts as `unknown`, and codes
 * are HTTP statuses. Counters are plain numbers until someone asks for them.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, type Registry } from '@prometheus-io/client';

export type Protocol = 'tfs' | 'v2' | 'image' | 'admin' | 'other';

interface Series {
  readonly labels: { readonly protocol: Protocol; readonly model: string; readonly code: string };
  count: number;
}

const NANOSECONDS = 1e9;
const MICROSECONDS = 1e6;

export class HttpMetrics {
  private readonly series = new Map<string, Series>();
  private readonly timing = new Map<string, { protocol: Protocol; model: string }>();
  private readonly duration: Histogram<'protocol' | 'model'>;
  private readonly loop: ReturnType<typeof monitorEventLoopDelay>;
  private inFlight = 0;
  private answers = 0;
  private bytesIn = 0;
  private bytesOut = 0;

  constructor(registry: Registry) {
    const registers = [registry];
    const { series } = this;
    new Counter({
      name: 'floe_http_requests_total',
      help: 'Requests answered, by protocol, model and HTTP status.',
      labelNames: ['protocol', 'model', 'code'],
      registers,
      collect() {
        this.reset();
        for (const { labels, count } of series.values()) this.inc(labels, count);
      },
    });
    this.duration = new Histogram({
      name: 'floe_http_request_duration_seconds',
      help: 'Seconds from the head of a request to the end of its answer.',
      labelNames: ['protocol', 'model'],
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    });
    this.loop = monitorEventLoopDelay({ resolution: 20 });
    this.loop.enable();
    this.addGauges(registry);
  }

  private addGauges(registry: Registry): void {
    const gauge = (name: string, help: string, read: () => number): void => {
      new Gauge({
        name,
        help,
        registers: [registry],
        collect() {
          this.set(read());
        },
      });
    };
    const counter = (name: string, help: string, read: () => number): void => {
      new Counter({
        name,
        help,
        registers: [registry],
        collect() {
          this.reset();
          this.inc(read());
        },
      });
    };
    gauge('floe_http_in_flight', 'Requests under way.', () => this.inFlight);
    counter('floe_http_request_bytes_total', 'Bytes of request bodies, decompressed.', () => this.bytesIn);
    counter('floe_http_response_bytes_total', 'Bytes of answer bodies.', () => this.bytesOut);
    counter('floe_process_cpu_seconds_total', 'CPU seconds of the whole process, all threads.', cpuSeconds);
    gauge(
      'floe_cpu_seconds_per_1000_answers',
      'CPU seconds of the process for 1,000 inference answers, since start.',
      () => (this.answers === 0 ? 0 : (cpuSeconds() / this.answers) * 1000),
    );
    gauge('floe_event_loop_delay_p99_seconds', '99th percentile of how late the event loop runs, since start.', () =>
      this.loop.count === 0 ? 0 : this.loop.percentile(99) / NANOSECONDS,
    );
  }

  begin(): void {
    this.inFlight += 1;
  }

  /** Counts an answer. `model` has to be one that is served, or `unknown`, or empty where there is none. */
  end(protocol: Protocol, model: string, status: number, seconds: number, bytesIn: number, bytesOut: number): void {
    this.inFlight -= 1;
    this.bytesIn += bytesIn;
    this.bytesOut += bytesOut;
    if (status === 200 && model !== '') this.answers += 1;
    const key = `${protocol} ${status} ${model}`;
    const series = this.series.get(key);
    if (series === undefined) this.series.set(key, { labels: { protocol, model, code: String(status) }, count: 1 });
    else series.count += 1;
    this.duration.observe(this.timingLabels(protocol, model), seconds);
  }

  private timingLabels(protocol: Protocol, model: string): { protocol: Protocol; model: string } {
    const key = `${protocol} ${model}`;
    const known = this.timing.get(key);
    if (known !== undefined) return known;
    const labels = { protocol, model };
    this.timing.set(key, labels);
    return labels;
  }

  close(): void {
    this.loop.disable();
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / MICROSECONDS;
}

/**
 * What is counted of every request, as plain numbers; `exposition.ts` puts them into Prometheus' form when someone asks. Labels are
 * bounded: protocols are few, a model that is not served counts as `unknown`, and codes are HTTP statuses.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { RequestMetrics } from '../request-metrics.ts';

export type Protocol = 'tfs' | 'v2' | 'image' | 'feedback' | 'admin' | 'other';

const NANOSECONDS = 1e9;
const MICROSECONDS = 1e6;
/** Node notes when a timer of so long comes, so what holds up the loop is known to this; 200 ticks a second cost nothing to speak of. */
const TICK_MS = 5;

export class HttpMetrics extends RequestMetrics {
  /** Counted by the gRPC server, where there is one. */
  readonly grpc: RequestMetrics;
  private readonly loop = monitorEventLoopDelay({ resolution: TICK_MS });
  private readonly latest = monitorEventLoopDelay({ resolution: TICK_MS });

  constructor(grpc = new RequestMetrics()) {
    super();
    this.grpc = grpc;
    this.loop.enable();
    this.latest.enable();
  }

  /** Counts an answer. `model` has to be one that is served, or `unknown`, or empty where there is none. */
  end(protocol: Protocol, model: string, status: number, seconds: number, bytesIn: number, bytesOut: number): void {
    this.count(protocol, model, String(status), status === 200, seconds, bytesIn, bytesOut);
  }

  /** CPU seconds of the process for 1,000 answers about models, since start; 0 before the first. */
  cpuSecondsPer1000(): number {
    const inferences = this.inferences + this.grpc.inferences;
    return inferences === 0 ? 0 : (cpuSeconds() / inferences) * 1000;
  }

  /** 99th percentile of how late the event loop runs, in seconds, since start. */
  loopDelayP99(): number {
    return this.loop.count === 0 ? 0 : lateness(this.loop.percentile(99));
  }

  /** The longest that it was late, in seconds, since this was asked last. */
  longestLoopDelay(): number {
    const longest = this.latest.count === 0 ? 0 : lateness(this.latest.max);
    this.latest.reset();
    return longest;
  }

  close(): void {
    this.loop.disable();
    this.latest.disable();
  }
}

/** Node counts the tick as well. */
function lateness(nanoseconds: number): number {
  return Math.max(0, nanoseconds / NANOSECONDS - TICK_MS / 1000);
}

/** CPU seconds of the whole process, all threads. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / MICROSECONDS;
}

/**
 * What is counted of every request, as plain numbers; `exposition.ts` puts them into Prometheus' form when someone asks. Labels are
 * bounded: protocols are few, a model that is not served counts as `unknown`, and codes are HTTP statuses.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

export type Protocol = 'tfs' | 'v2' | 'image' | 'feedback' | 'admin' | 'other';

/** Upper bounds of the latency buckets, in seconds. */
export const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10] as const;

export interface Answers {
  readonly labels: { readonly protocol: Protocol; readonly model: string; readonly code: string };
  count: number;
}

export interface Durations {
  readonly labels: { readonly protocol: Protocol; readonly model: string };
  /** Answers by the first bucket that holds them; the last one has no bound. */
  readonly counts: number[];
  /** Seconds in all. */
  sum: number;
}

const NANOSECONDS = 1e9;
const MICROSECONDS = 1e6;
/** Node notes when a timer of so long comes, so what holds up the loop is known to this; 200 ticks a second cost nothing to speak of. */
const TICK_MS = 5;

export class HttpMetrics {
  readonly answers = new Map<string, Answers>();
  readonly durations = new Map<string, Durations>();
  /** Requests under way. */
  inFlight = 0;
  bytesIn = 0;
  bytesOut = 0;
  private inferences = 0;
  private readonly loop = monitorEventLoopDelay({ resolution: TICK_MS });
  private readonly latest = monitorEventLoopDelay({ resolution: TICK_MS });

  constructor() {
    this.loop.enable();
    this.latest.enable();
  }

  begin(): void {
    this.inFlight += 1;
  }

  /** Counts an answer. `model` has to be one that is served, or `unknown`, or empty where there is none. */
  end(protocol: Protocol, model: string, status: number, seconds: number, bytesIn: number, bytesOut: number): void {
    this.inFlight -= 1;
    this.bytesIn += bytesIn;
    this.bytesOut += bytesOut;
    if (status === 200 && model !== '') this.inferences += 1;
    this.answersOf(protocol, model, status).count += 1;
    const durations = this.durationsOf(protocol, model);
    const bucket = BUCKETS.findIndex((bound) => seconds <= bound);
    const at = bucket < 0 ? BUCKETS.length : bucket;
    durations.counts[at] = (durations.counts[at] ?? 0) + 1;
    durations.sum += seconds;
  }

  /** CPU seconds of the process for 1,000 answers about models, since start; 0 before the first. */
  cpuSecondsPer1000(): number {
    return this.inferences === 0 ? 0 : (cpuSeconds() / this.inferences) * 1000;
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

  private answersOf(protocol: Protocol, model: string, status: number): Answers {
    const key = `${protocol} ${status} ${model}`;
    const known = this.answers.get(key);
    if (known !== undefined) return known;
    const answers = { labels: { protocol, model, code: String(status) }, count: 0 };
    this.answers.set(key, answers);
    return answers;
  }

  private durationsOf(protocol: Protocol, model: string): Durations {
    const key = `${protocol} ${model}`;
    const known = this.durations.get(key);
    if (known !== undefined) return known;
    const durations = { labels: { protocol, model }, counts: new Array<number>(BUCKETS.length + 1).fill(0), sum: 0 };
    this.durations.set(key, durations);
    return durations;
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

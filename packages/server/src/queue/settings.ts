/** What a scheduler is told, with its defaults. */
import { AGEING, type Policy } from '../core/order.ts';

export interface SchedulerOptions {
  /** Runs under way at a time; the engine needs room for one more, for the express lane. */
  readonly slots: number;
  /** Default: `size-first`. */
  readonly policy?: Policy;
  /**
   * The latency target of small tasks: the longest that one shall wait for work which is under way. Large tasks are cut into runs that
   * long, and no joint run is longer. Default: 10 ms.
   */
  readonly chunkSeconds?: number;
  /** Predicted seconds of work that may be unfinished; more is refused. Default: 30. */
  readonly queueSeconds?: number;
  /** Bytes of inputs that may wait or be under way, about; more are refused, unless they are one task's alone. Default: no bound. */
  readonly queueBytes?: number;
  /** The first task of a batch may wait so long for others although a slot is free. Default: 0. */
  readonly delaySeconds?: number;
  /** r of the order. Default: `AGEING`. */
  readonly ageing?: number;
  /** Milliseconds, on the clock of the terms' deadlines. Default: `performance.now`. */
  readonly clock?: () => number;
  /** Calls `work` after so many seconds. Default: `setTimeout`. */
  readonly after?: (seconds: number, work: () => void) => void;
}

export type Settings = Required<SchedulerOptions>;

export function settingsOf(options: SchedulerOptions): Settings {
  return {
    policy: 'size-first',
    chunkSeconds: 0.01,
    queueSeconds: 30,
    queueBytes: Number.POSITIVE_INFINITY,
    delaySeconds: 0,
    ageing: AGEING,
    clock: () => performance.now(),
    after: (seconds, work) => void setTimeout(work, Math.ceil(seconds * 1000)).unref(),
    ...options,
  };
}

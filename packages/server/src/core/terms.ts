/**
 * On whose behalf and under which conditions a request is answered. A transport makes the terms; queue, cache and input stage read them
 * and write down in `notes` what became of the request.
 */
/** Name of callers that nothing is known of. */
export const ANONYMOUS = 'anonymous';

export interface Caller {
  readonly name: string;
  /** Share of the server under contention; 1 is usual. */
  readonly weight: number;
  /** Requests that it may send; absent for any number. */
  readonly requestsPerSecond?: number;
}

export interface Terms {
  readonly requestId: string;
  /** When the request came, in milliseconds on the clock of `performance.now()`. */
  readonly arrived: number;
  readonly caller: Caller;
  /** Whom the caller asks for: the same canary answers the same ones. */
  readonly sticky?: string;
  /** Whom the request concerns, so that what is kept of them can be deleted. */
  readonly subject?: string;
  /** Multiplies the caller's weight; 1 is usual. */
  readonly priority: number;
  /** When the answer stops being worth anything, in milliseconds on the clock of `performance.now()`; Infinity for never. */
  readonly deadline: number;
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal;
  /** `bypass`: no answer is looked up or stored, as `Cache-Control: no-store` asks. */
  readonly cache: 'use' | 'bypass';
  /** `version`: only answers that the version which serves now has computed. */
  readonly scope: 'model' | 'version';
  readonly notes: Notes;
}

/** What became of a request, for headers, logs and the explain endpoint. Each stage fills in its own part. */
export interface Notes {
  cache?: CacheNote;
  queue?: QueueNote;
}

export interface CacheNote {
  readonly state: 'hit' | 'miss' | 'bypass';
  /** Why, in a few words: `closed: accuracy 0.79 is below 0.8`, `ended: the model has reached 0.9`, `no-store`. */
  readonly reason: string;
  /** Accuracy of the version that was resolved for this request; absent where it is unknown. */
  readonly accuracy?: number;
  /** Accuracy at which the answer ends; absent in the last band, and where nothing is stored. */
  readonly endsAt?: number;
  /** Version that computed the answer. */
  readonly version?: number;
}

/** Seconds throughout. */
export interface QueueNote {
  readonly predicted: number;
  /** Tasks ahead of it in the heap when it arrived. */
  readonly position: number;
  readonly chunks: number;
  wait?: number;
  actual?: number;
  /** Greatest number of requests that one of its runs was shared with. */
  batched?: number;
}

/** Of what nobody waits for: it comes last, and what is long enough for a thread runs only where a CPU has nothing else to do. */
export const IDLE_PRIORITY = 2 ** -10;

/** Terms of work that nobody outside asked for. */
export function plainTerms(signal: AbortSignal): Terms {
  return {
    requestId: '',
    arrived: performance.now(),
    caller: { name: '', weight: 1 },
    priority: 1,
    deadline: Number.POSITIVE_INFINITY,
    signal,
    cache: 'use',
    scope: 'model',
    notes: {},
  };
}

/**
 * Work that outlives whoever asked for it: trainings and evaluations, kept in SQL until they are done.
 *
 *   const queue = await openJobs(sql);
 *   const { id } = await queue.submit('train', { dataset: '...' }, { cost: 600, caller: 'ann' });
 *   await queue.work('gpu0', { train: async ({ job, signal, progress, checkpoint }) => { ... return result; } });
 *   for await (const event of queue.events(id, 0)) ...
 *
 * Small ones first, by the key of the inference queue (`core/order.ts`). A job runs on one device at a time; where its worker dies, it is
 * resumed elsewhere from its last checkpoint. What an attempt says after it was given up counts for nothing (`attempt` is its fence).
 */

/** What is kept as JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 *   queued -> running -> succeeded
 *     ^  ^       |-----> dead        the last attempt failed, or failed in a way that trying again does not mend
 *     |  '-------'                   failed, or its worker died: tried again later
 *     '--- retry() of what is dead or cancelled;   cancel() of what is queued or running -> cancelled
 */
export type JobState = 'queued' | 'running' | 'succeeded' | 'dead' | 'cancelled';

export interface Job {
  readonly id: string;
  readonly kind: string;
  readonly payload: Json;
  readonly caller: string;
  /** Predicted seconds on its device. */
  readonly cost: number;
  readonly priority: number;
  readonly state: JobState;
  /** How often it was started. */
  readonly attempt: number;
  /** The attempt after which it is dead if that one fails. */
  readonly lastAttempt: number;
  /** How often it may be tried from when it was submitted, or queued again by hand. */
  readonly attempts: number;
  /** 0..1, as its handler said last. */
  readonly progress: number;
  /** What the handler kept last, to go on from. */
  readonly checkpoint: Json;
  /** The attempt in which it did; 0 for none. */
  readonly keptIn: number;
  /** What the handler returned. */
  readonly result: Json;
  /** Why it failed last, or who cancelled it. */
  readonly reason: string | null;
  /** Where it runs, or ran last. */
  readonly device: string | null;
  readonly singletonKey: string | null;
  readonly createdAt: Date;
  /** Not started before. */
  readonly runAfter: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

export interface JobTerms {
  /** Predicted seconds on its device. */
  readonly cost: number;
  readonly caller: string;
  /** Multiplies the caller's weight; 1 is usual. */
  readonly priority?: number;
  /** While a job of this kind and key is unfinished, submitting gives that one. */
  readonly singletonKey?: string;
  /** A UUID that the caller chose, so that submitting again after a lost answer gives the same job. */
  readonly id?: string;
  /** How often it is tried. */
  readonly attempts?: number;
}

export interface JobEvent {
  /** Grows within a job. */
  readonly id: number;
  readonly attempt: number;
  readonly kind: 'state' | 'progress' | 'log' | 'metric';
  readonly at: Date;
  readonly data: Json;
}

export interface JobFilter {
  readonly state?: JobState;
  readonly kind?: string;
  readonly caller?: string;
  readonly limit?: number;
  /** Only what was submitted before this job, for the next page. */
  readonly before?: string;
}

/** What a handler gets. What it says is gathered and written a few times a second. */
export interface JobContext {
  /** As it was when this attempt began, with the last checkpoint of those before. */
  readonly job: Job;
  /** Aborts when the job is cancelled, its lease is lost or the worker stops; the reason is a FloeError. */
  readonly signal: AbortSignal;
  progress(share: number): void;
  log(text: string): void;
  metric(values: Readonly<Record<string, number>>): void;
  /** Keeps `reference`, to go on from after this attempt; rejects with CANCELLED once the attempt is given up. */
  checkpoint(reference: Json): Promise<void>;
}

export type JobHandler = (context: JobContext) => Promise<Json>;

/** Takes jobs for one device, one at a time. */
export interface Worker {
  readonly device: string;
  /** Takes no more; the job under way is interrupted and put back, to be resumed elsewhere at once. */
  stop(): Promise<void>;
}

export interface JobQueue {
  /** Throws INVALID_ARGUMENT for terms that make no sense. */
  submit(kind: string, payload: Json, terms: JobTerms): Promise<Job>;
  /** Leases `device` for as long as it works, and waits for it while another process has it. */
  work(device: string, handlers: Readonly<Record<string, JobHandler>>): Worker;
  /** Gives the job; one that is finished stays as it is. `by` is kept as the reason. */
  cancel(id: string, by: string): Promise<Job>;
  /**
   * Queues a dead or cancelled job again, from its last checkpoint; others stay as they are. Throws FAILED_PRECONDITION while another of its
   * singleton key is unfinished.
   */
  retry(id: string): Promise<Job>;
  /** Throws NOT_FOUND, as all do that take an id. */
  get(id: string): Promise<Job>;
  /** The newest first. */
  list(filter?: JobFilter): Promise<readonly Job[]>;
  /** What happened to a job after the event `after`, then what happens, until it is finished (or dead) or `signal` aborts. */
  events(id: string, after: number, signal?: AbortSignal): AsyncIterable<JobEvent>;
  devices(): Promise<readonly Device[]>;
  /** Stops the workers of this queue. The database stays open. */
  close(): Promise<void>;
}

export interface Device {
  readonly id: string;
  /** The job that it runs. */
  readonly job: string | null;
  /** Whether a living worker has it. */
  readonly isLeased: boolean;
}

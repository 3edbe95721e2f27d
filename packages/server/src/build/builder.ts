/**
 * Freezing and compiling off the event loop: each job gets a worker thread of its own, which gives all its memory back when the
 * job is done. One job runs at a time, since each may hold a whole model.
 */
import { Worker } from 'node:worker_threads';
import { type ErrorCode, type ErrorDetail, FloeError, type TensorSpec } from '@floe/graph/base';
import type { ArtefactKey } from './artefact.ts';
import type { FreezeRequest, FreezeResult } from './freeze-version.ts';

/** Compile these feeds and fetches of a frozen version; the types of feeds that no signature declares are found in its graph. */
export interface CompileJob {
  readonly kind: 'compile';
  /** Path of `frozen.pb`. */
  readonly frozen: string;
  /** Folder that gets the artefact. */
  readonly into: string;
  readonly key: ArtefactKey;
}

export interface FreezeJob {
  readonly kind: 'freeze';
  readonly request: FreezeRequest;
}

/** Finds dtype and shape of named tensors of a frozen graph, given the inputs of its signatures. */
export interface InspectJob {
  readonly kind: 'types';
  readonly frozen: string;
  readonly feeds: readonly TensorSpec[];
  readonly tensors: readonly string[];
}

export type Job = CompileJob | FreezeJob | InspectJob;

export type JobReply =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly code: ErrorCode;
      readonly message: string;
      readonly details: readonly ErrorDetail[];
    };

/** What Node says where a thread has no memory or cannot be started. */
const NO_ROOM: ReadonlySet<string | undefined> = new Set(['ERR_WORKER_OUT_OF_MEMORY', 'ERR_WORKER_INIT_FAILED']);

export class Builder {
  private last: Promise<unknown> = Promise.resolve();
  private closed = false;
  private current: Worker | undefined;

  freeze(request: FreezeRequest): Promise<FreezeResult> {
    return this.run({ kind: 'freeze', request }) as Promise<FreezeResult>;
  }

  async compile(job: Omit<CompileJob, 'kind'>): Promise<void> {
    await this.run({ kind: 'compile', ...job });
  }

  types(job: Omit<InspectJob, 'kind'>): Promise<readonly TensorSpec[]> {
    return this.run({ kind: 'types', ...job }) as Promise<readonly TensorSpec[]>;
  }

  /** Ends the job under way and refuses more. */
  async close(): Promise<void> {
    this.closed = true;
    await this.current?.terminate();
  }

  private run(job: Job): Promise<unknown> {
    const result = this.last.then(() => this.start(job));
    this.last = result.catch(() => {});
    return result;
  }

  private async start(job: Job): Promise<unknown> {
    if (this.closed) throw new FloeError('CANCELLED', 'the server is closing');
    // The worker is this file's neighbour, as source under test and as JavaScript once built.
    const url = new URL(`./thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
    const worker = new Worker(url, { workerData: job });
    this.current = worker;
    try {
      return await replyOf(worker);
    } finally {
      this.current = undefined;
      await worker.terminate();
    }
  }
}

function replyOf(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.once('message', (reply: JobReply) => {
      if (reply.ok) resolve(reply.value);
      else reject(new FloeError(reply.code, reply.message, reply.details));
    });
    worker.once('error', (cause: NodeJS.ErrnoException) => {
      const code = NO_ROOM.has(cause.code) ? 'RESOURCE_EXHAUSTED' : 'INTERNAL';
      reject(new FloeError(code, `the compiler failed: ${cause.message}`, [], cause));
    });
    worker.once('exit', () => reject(new FloeError('CANCELLED', 'the compiler was stopped')));
  });
}

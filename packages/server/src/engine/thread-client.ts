/**
 * One worker thread, called like a function: each call settles with the thread's answer, or with UNAVAILABLE if the thread dies first.
 */
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { FloeError } from '@floe/graph/base';

/** By method: what a call takes and gives. */
export type CallTable<C> = { readonly [M in keyof C]: { readonly args: unknown; readonly result: unknown } };

export interface Request<C extends CallTable<C>, M extends keyof C = keyof C> {
  readonly id: number;
  readonly method: M;
  readonly args: C[M]['args'];
}

export interface Reply<C extends CallTable<C>> {
  readonly id: number;
  readonly result?: C[keyof C]['result'];
  /** Message of the error, if there was one. */
  readonly error?: string;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class ThreadClient<C extends CallTable<C>> {
  private readonly worker: Worker;
  private readonly pending = new Map<number, Pending>();
  private nextId = 0;
  private death: FloeError | undefined;

  constructor(script: URL, options: Pick<WorkerOptions, 'workerData'> = {}) {
    // The process's own flags are about its main program.
    this.worker = new Worker(script, { execArgv: [], ...options });
    this.worker.on('message', (reply: Reply<C>) => this.settle(reply));
    this.worker.on('error', (error) => this.die(error instanceof Error ? error.message : String(error)));
    this.worker.on('exit', (code) => this.die(`it left with code ${code}`));
    // A thread keeps the process alive only while it has something to do.
    this.worker.unref();
  }

  get alive(): boolean {
    return this.death === undefined;
  }

  /** Throws an Error with the thread's message, or UNAVAILABLE if the thread is dead or dies. `transfer` is gone from here. */
  async call<M extends keyof C>(
    method: M,
    args: C[M]['args'],
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<C[M]['result']> {
    if (this.death !== undefined) throw this.death;
    const request: Request<C> = { id: this.nextId++, method, args };
    this.worker.postMessage(request, [...transfer]);
    this.worker.ref();
    const result = await new Promise<unknown>((resolve, reject) => {
      this.pending.set(request.id, { resolve, reject });
    });
    return result as C[M]['result'];
  }

  /** Ends the thread; calls under way fail. */
  async terminate(): Promise<void> {
    await this.worker.terminate();
  }

  private settle({ id, result, error }: Reply<C>): void {
    const call = this.pending.get(id);
    this.pending.delete(id);
    if (this.pending.size === 0) this.worker.unref();
    if (error === undefined) call?.resolve(result);
    else call?.reject(new Error(error));
  }

  private die(reason: string): void {
    this.death ??= new FloeError('UNAVAILABLE', `the engine's thread is gone: ${reason}`);
    for (const { reject } of this.pending.values()) reject(this.death);
    this.pending.clear();
  }
}

/**
 * Threads of low priority, for runs that others shall not wait for: the kernel takes the CPU from them as soon as anything else of the
 * process wants it. They call the same library on the same session, so weights are in memory once; what crosses is addresses.
 *
 * libuv's own threads cannot be used: a process that is not root can lower a thread but never raise it again, and which of them takes a
 * run is not known before. A thread comes with the first run that needs it and stays until the engine is closed.
 */
import { Gate } from '../gate.ts';
import { ThreadClient } from '../thread-client.ts';
import type { Pointer } from './library.ts';

/** Of `OrtApi`'s run: addresses and counts. */
export type RunAddresses = readonly [
  session: bigint,
  options: null,
  inputNames: bigint,
  inputs: bigint,
  inputCount: number,
  outputNames: bigint,
  outputCount: number,
  outputs: bigint,
];

export interface BehindResult {
  readonly status: Pointer;
  /** Seconds that the thread has worked: the others say how busy the machine was. */
  readonly cpuSeconds: number;
}

export interface BehindCalls {
  readonly run: { readonly args: RunAddresses; readonly result: BehindResult };
}

type Thread = ThreadClient<BehindCalls>;

/** Beside this file, compiled or not. */
const THREAD = new URL(import.meta.url.endsWith('.ts') ? './behind-thread.ts' : './behind-thread.js', import.meta.url);

export class BehindThreads {
  /** Whether the system gives each thread a priority of its own. */
  static readonly supported = process.platform === 'linux';
  private readonly gate: Gate;
  private readonly idle: Thread[] = [];

  /** As many as there are, at most. */
  constructor(threads: number) {
    this.gate = new Gate(threads);
  }

  /** What the arguments lie over has to stay until it settles. Throws UNAVAILABLE where the thread dies. */
  run(args: RunAddresses): Promise<BehindResult> {
    return this.gate.use(async () => {
      const thread = this.idle.pop() ?? new ThreadClient<BehindCalls>(THREAD);
      try {
        const result = await thread.call('run', args);
        this.idle.push(thread);
        return result;
      } catch (error) {
        await thread.terminate();
        throw error;
      }
    });
  }

  /** When no run is under way. */
  async close(): Promise<void> {
    await Promise.all(this.idle.splice(0).map((thread) => thread.terminate()));
  }
}

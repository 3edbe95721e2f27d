/**
 * Threads that make runs, all of one priority. They call the same library on the same session, so weights are in memory once; what crosses is
 * addresses. The thread that was used last is used next: its CPU is the one that has just become free, and its caches are warm.
 *
 * libuv's own threads take turns: the one that waited longest is woken, on the CPU where it ran last, which may be busy while another has
 * nothing to do until the kernel looks again. Two runs in flight on 2 cores left 0.4 of a core idle that way: the bare engine made 255 runs of
 * MobileNetV2 per second and 780 of a CNN of 2 ms, and makes 300 and 980 on two threads of ours; a server answers 1.04 and 1.1 times as often.
 * Each holds 12 MB, most of it Node's. Nor can libuv's be lowered in priority: a process that is not root could never raise them again, and
 * which of them takes a run is not known before.
 */
import { FloeError } from '@floe/graph/base';
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

export interface ThreadRun {
  readonly status: Pointer;
  /** Seconds that the thread has worked: the others say how busy the machine was. */
  readonly cpuSeconds: number;
}

export interface RunCalls {
  /** Answered once the library is there. */
  readonly up: { readonly args: undefined; readonly result: undefined };
  readonly run: { readonly args: RunAddresses; readonly result: ThreadRun };
}

/** What a thread is told when it starts: its nice value, as the kernel has it. */
export interface RunThreadData {
  readonly nice: number;
}

type Thread = ThreadClient<RunCalls>;

/** Beside this file, compiled or not. */
const THREAD = new URL(import.meta.url.endsWith('.ts') ? './run-thread.ts' : './run-thread.js', import.meta.url);

export class RunThreads {
  /** Whether the system gives each thread a priority of its own. */
  static readonly havePriorities = process.platform === 'linux';
  private readonly limit: number;
  private readonly nice: number;
  private readonly gate: Gate;
  /** The one that was used last is the last. */
  private readonly idle: Thread[] = [];
  private readonly all = new Set<Thread>();
  private readonly coming = new Set<Promise<void>>();
  private closed = false;

  /** As many as `limit`, each of which comes when it is needed first and stays until the engine is closed. */
  constructor(limit: number, nice = 0) {
    this.limit = limit;
    this.nice = nice;
    this.gate = new Gate(limit);
  }

  /** A thread waits for a run. */
  get ready(): boolean {
    return this.idle.length > 0;
  }

  /** Brings up one more thread, if there may be one more; resolves when it is there, or will not come. */
  async grow(): Promise<void> {
    if (this.all.size >= this.limit || this.closed) return;
    const thread = this.start();
    const coming = thread.call('up', undefined).then(
      () => void this.idle.unshift(thread),
      () => void this.all.delete(thread),
    );
    this.coming.add(coming);
    await coming.finally(() => this.coming.delete(coming));
  }

  /** What the arguments lie over has to stay until it settles. Throws UNAVAILABLE where the thread dies. */
  run(args: RunAddresses): Promise<ThreadRun> {
    return this.gate.use(async () => {
      const thread = this.idle.pop() ?? this.start();
      try {
        const result = await thread.call('run', args);
        this.idle.push(thread);
        return result;
      } catch (error) {
        this.all.delete(thread);
        await thread.terminate();
        throw error;
      }
    });
  }

  /** When no run is under way. A thread that is ended while it loads a native library takes the process with it. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(this.coming);
    this.idle.length = 0;
    await Promise.all([...this.all].map((thread) => thread.terminate()));
  }

  private start(): Thread {
    if (this.closed) throw new FloeError('FAILED_PRECONDITION', 'the engine is closed');
    const workerData: RunThreadData = { nice: this.nice };
    const thread = new ThreadClient<RunCalls>(THREAD, { workerData });
    this.all.add(thread);
    return thread;
  }
}

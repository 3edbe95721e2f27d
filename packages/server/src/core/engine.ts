/** The contract of an engine: what runs compiled graphs. `test/engine/contract.ts` is the suite that each engine passes. */
import type { Tensor, TensorSpec } from '@floe/graph/base';

export interface SessionOptions {
  /** Threads that one run may use; 0 for as many as there are CPUs. */
  readonly intraOpThreads: number;
  /**
   * Small runs that are asked for in one turn of the event loop wait for its end and then go one behind the other, with warm caches: of
   * many callers at a time each costs half the CPU (see `bench/run small`). A caller that awaits one run after another does better
   * without. Default: false.
   */
  readonly gather?: boolean;
}

export interface BehindRun {
  readonly results: readonly Tensor[];
  /** Seconds of one CPU that it took, without those in which it gave way. */
  readonly cpuSeconds: number;
}

/**
 * One compiled graph, made once and shared by all requests. Any number of runs may be asked for at a time; the engine bounds how
 * many are under way.
 */
export interface Session {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /**
   * Runs the graph on `feeds` (every input by name) and gives the outputs named in `fetches`, in that order. Feeds are read where
   * they lie: they must not change until the run has settled. The results own their memory. Small graphs run inline (no thread
   * hop), large ones off the event loop.
   * Throws INVALID_ARGUMENT (missing or unknown name, dtype, rank, shape, or values that an op refuses), FAILED_PRECONDITION after
   * `close`, RESOURCE_EXHAUSTED (no memory), UNAVAILABLE (the engine died; the next run finds it restarted), INTERNAL.
   */
  run(feeds: ReadonlyMap<string, Tensor>, fetches: readonly string[]): Promise<readonly Tensor[]>;
  /**
   * The same on a thread that gives way to everything else that the process does, whatever it costs. Absent where there are no such
   * threads. Throws what `run` throws.
   */
  readonly runBehind?: (feeds: ReadonlyMap<string, Tensor>, fetches: readonly string[]) => Promise<BehindRun>;
  /** Seconds that a run on these feeds would take of the event loop; undefined where it goes to another thread, or where nothing is known. */
  inlineSeconds(feeds: ReadonlyMap<string, Tensor>): number | undefined;
  /** Refuses new runs, waits for those asked for before and gives the memory back. Idempotent. */
  close(): Promise<void>;
}

export interface Engine {
  readonly name: string;
  /** Version of the native library. */
  readonly version: string;
  /**
   * Opens `model.onnx` at `path` (its weights file beside it is mapped), off the event loop. Throws NOT_FOUND, DATA_LOSS (damaged, or
   * weights missing), UNIMPLEMENTED (an op or a type), RESOURCE_EXHAUSTED, FAILED_PRECONDITION after `close`.
   */
  open(path: string, options: SessionOptions): Promise<Session>;
  /** Closes every session that is still open. Await it before the process ends: leaving while native code runs crashes. */
  close(): Promise<void>;
}

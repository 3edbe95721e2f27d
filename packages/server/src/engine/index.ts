/**
 * Engines: what runs compiled graphs.
 *
 *   const engine = await openEngine({ kind: 'auto', log: (message) => logger.warn(message) });
 *   const session = await engine.open('compiled/model.onnx', { intraOpThreads: 1 });
 *
 * Close the engine before the process ends: leaving while native code runs crashes. `engine.close()` drains, so a command line awaits
 * it before it sets `process.exitCode`; a process that must go at once kills itself (`process.kill(process.pid, 'SIGKILL')`).
 */
import { asFloeError } from '@floe/graph/base';
import type { Engine } from '../core/engine.ts';
import { capacityOf, readCpus } from './capacity.ts';

export type { Engine, Session, SessionOptions } from '../core/engine.ts';
export { type Capacity, type CpuSnapshot, capacityOf, cpusOf, readCpus, threadPoolSize } from './capacity.ts';

export interface EngineOptions {
  /** `onnxruntime` calls the C API in this process, `worker` the official binding in a thread; `auto` is the first that works. */
  readonly kind: 'onnxruntime' | 'worker' | 'auto';
  /** Runs off the event loop at a time. Default: one for each CPU, as far as libuv's pool has threads for them. */
  readonly slots?: number;
  /** Told in one sentence why `auto` fell back. */
  readonly log?: (message: string) => void;
}

/** Throws UNIMPLEMENTED where no engine runs on this platform, INTERNAL if the library is not what it should be. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  if (options.kind === 'worker') return openWorker();
  const slots = options.slots ?? defaultSlots();
  if (options.kind === 'onnxruntime') return openNative(slots);
  try {
    return await openNative(slots);
  } catch (error) {
    options.log?.(`falling back to the worker engine: ${asFloeError(error).message}`);
    return openWorker();
  }
}

// Imported when asked for: each of the two loads a native library of 45 MB.
async function openNative(slots: number): Promise<Engine> {
  const { openNativeEngine } = await import('./onnxruntime/engine.ts');
  return openNativeEngine(slots);
}

async function openWorker(): Promise<Engine> {
  const { openWorkerEngine } = await import('./worker/engine.ts');
  return openWorkerEngine();
}

/** libuv's own default. */
const DEFAULT_POOL_THREADS = 4;

/** In a process that did not size libuv's pool, as where Floe is a library, two of its threads are left for files and DNS. */
function defaultSlots(): number {
  const { UV_THREADPOOL_SIZE } = process.env;
  const pool = Number(UV_THREADPOOL_SIZE) || DEFAULT_POOL_THREADS;
  return Math.max(1, Math.min(capacityOf(readCpus()).slots, pool - 2));
}

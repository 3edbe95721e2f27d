/** A thread of `BehindThreads`: makes one run after another, at a priority of its own. */
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import type { Request } from '../thread-client.ts';
import { readApiTable } from './api-table.ts';
import type { BehindCalls } from './behind.ts';
import { loadLibrary } from './library.ts';

/**
 * The lowest. What a run of 8 ms takes while two long ones keep both CPUs of a busy machine (U-Net, 224 and 1,120 px, mean of 8 turns of
 * 2 s): 97 ms at equal priority, 68 at 5, 65 at 10, 49 at 19, 41 with `SCHED_IDLE`, and 37 alone. `SCHED_IDLE` was left out: it gives
 * little more, and beside another program's work next to nothing is left to it.
 */
const NICE = 19;

const { api } = readApiTable(await loadLibrary());
lowerPriority();
parentPort?.on('message', ({ id, args }: Request<BehindCalls>) => {
  const before = process.threadCpuUsage();
  const status = api.run(...args);
  const { user, system } = process.threadCpuUsage(before);
  parentPort?.postMessage({ id, result: { status, cpuSeconds: (user + system) / 1e6 } });
});

/** Of this thread alone: Linux takes 0 for the calling thread, whatever the manual of the call says of processes. */
function lowerPriority(): void {
  try {
    setPriority(0, NICE);
  } catch {
    // Where a sandbox forbids even that, the thread shares the CPUs evenly, as runs of the express lane do.
  }
}

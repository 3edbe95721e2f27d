/** A thread of `RunThreads`: makes one run after another, at a priority of its own. */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { Request } from '../thread-client.ts';
import { readApiTable } from './api-table.ts';
import { loadLibrary } from './library.ts';
import type { RunCalls, RunThreadData, ThreadRun } from './run-threads.ts';

const { api } = readApiTable(await loadLibrary());
const { nice } = workerData as RunThreadData;
if (nice > 0) lowerPriority(nice);
parentPort?.on('message', ({ id, method, args }: Request<RunCalls>) => {
  parentPort?.postMessage({ id, result: method === 'run' ? run(args as RunCalls['run']['args']) : undefined });
});

function run(args: RunCalls['run']['args']): ThreadRun {
  const before = process.threadCpuUsage();
  const status = api.run(...args);
  const { user, system } = process.threadCpuUsage(before);
  return { status, cpuSeconds: (user + system) / 1e6 };
}

/** Of this thread alone: Linux takes 0 for the calling thread, whatever the manual of the call says of processes. */
function lowerPriority(nice: number): void {
  try {
    setPriority(0, nice);
  } catch {
    // Where a sandbox forbids even that, the thread shares the CPUs evenly, as runs of the express lane do.
  }
}

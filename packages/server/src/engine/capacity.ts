/** How many runs at a time, and with how many threads each, suit the CPUs that this process may use. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { SessionOptions } from '../core/engine.ts';

export interface CpuSnapshot {
  /** CPUs that the scheduler may give to this process (affinity). */
  readonly parallelism: number;
  /** `cpu.max` of cgroup v2: quota and period in microseconds, such as `150000 100000`; `max` for no quota. Empty if there is none. */
  readonly cpuMax: string;
  /** `cpu.cfs_quota_us` and `cpu.cfs_period_us` of cgroup v1; -1 for no quota. Empty if there are none. */
  readonly cfsQuota: string;
  readonly cfsPeriod: string;
}

export interface Capacity {
  /** Runs at a time. */
  readonly slots: number;
  /** Threads of one run. */
  readonly intraOpThreads: number;
  /** What `UV_THREADPOOL_SIZE` has to be before the process starts. */
  readonly threadPoolSize: number;
}

/** Threads of libuv's pool that runs never take: files, DNS, and opening or closing a session. */
const SPARE_POOL_THREADS = 4;

/** CPUs that a container's quota leaves, rounded up; at least one. */
export function cpusOf(snapshot: CpuSnapshot): number {
  const [quota = '', period = ''] =
    snapshot.cpuMax === '' ? [snapshot.cfsQuota, snapshot.cfsPeriod] : snapshot.cpuMax.split(' ');
  const allowed = Number.parseInt(quota, 10) / Number.parseInt(period, 10);
  const limited = allowed > 0 ? Math.ceil(allowed) : Number.POSITIVE_INFINITY;
  return Math.max(1, Math.min(snapshot.parallelism, limited));
}

/**
 * One run for each CPU, each on one thread: on 2 cores two runs of one thread gave 392 MobileNetV2 per second, one run of two threads
 * 220 (see `bench/`). Not more runs than CPUs either: three or four on 2 cores share them, so that the order of tasks says less, and small ones
 * among large took half as long again (`FLOE_SLOTS=3 bench/limits mixed`). Fewer would have to be found out by measurement, which a neighbour
 * on the same machine can falsify, at the cost of half the throughput for a small gain: it is left to who sets `slots`.
 */
export function capacityOf(snapshot: CpuSnapshot): Capacity {
  const slots = cpusOf(snapshot);
  return { slots, intraOpThreads: 1, threadPoolSize: threadPoolSize(slots) };
}

/** Threads that libuv's pool needs for so many runs at a time. It reads `UV_THREADPOOL_SIZE` once, before any of our code runs. */
export function threadPoolSize(slots: number): number {
  return slots + SPARE_POOL_THREADS;
}

/** Threads that one run of a session may use; a session that does not say may use every CPU. */
export function threadsOf(options: SessionOptions): number {
  return options.intraOpThreads > 0 ? options.intraOpThreads : cpusOf(readCpus());
}

export function readCpus(): CpuSnapshot {
  return {
    parallelism: availableParallelism(),
    cpuMax: contents('/sys/fs/cgroup/cpu.max'),
    cfsQuota: contents('/sys/fs/cgroup/cpu/cpu.cfs_quota_us'),
    cfsPeriod: contents('/sys/fs/cgroup/cpu/cpu.cfs_period_us'),
  };
}

function contents(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}

/** Puts load on a port from another process (`load.ts`), and says what it cost the process behind the port. */
import { cpuSeconds } from '../../packages/server/src/cli/bench/cpu-seconds.ts';
import type { LoadResult, LoadSpec } from '../load.ts';
import { ask, startPeer } from './children.ts';
import { LOAD } from './paths.ts';

/** Nothing here takes that long; it only bounds a run on a machine that is far too busy. */
const MOST_SECONDS = 120;

export type Load = Omit<LoadSpec, 'seconds'>;

export interface LoadCost extends LoadResult {
  /** CPU seconds of the serving process for one answer. */
  readonly cpu: number;
}

/** Throws where any answer is not a 200. */
export async function load(spec: Load): Promise<LoadResult> {
  const peer = startPeer(LOAD);
  try {
    return await ask<LoadResult>(peer, { ...spec, seconds: MOST_SECONDS } satisfies LoadSpec);
  } finally {
    peer.kill();
  }
}

export async function loadCost(pid: number, spec: Load): Promise<LoadCost> {
  const before = cpuSeconds(pid);
  const result = await load(spec);
  return { ...result, cpu: (cpuSeconds(pid) - before) / result.answers };
}

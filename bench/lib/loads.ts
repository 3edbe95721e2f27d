/** Puts load on a port from another process (`load.ts`, `grpc-load.ts`), and says what it cost the process behind the port. */
import { cpuSeconds } from '../../packages/server/src/cli/bench/cpu-seconds.ts';
import type { GrpcLoadSpec } from '../grpc-load.ts';
import type { LoadResult, LoadSpec } from '../load.ts';
import { ask, startPeer } from './children.ts';
import { GRPC_LOAD, LOAD } from './paths.ts';

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

export function loadCost(pid: number, spec: Load): Promise<LoadCost> {
  return costOf(
    () => cpuSeconds(pid),
    () => load(spec),
  );
}

export async function grpcLoad(spec: GrpcLoadSpec): Promise<LoadResult> {
  const peer = startPeer(GRPC_LOAD);
  try {
    return await ask<LoadResult>(peer, spec);
  } finally {
    peer.kill();
  }
}

/** What a load costs; `used` says how many CPU seconds the server has used so far. */
export async function costOf(used: () => number, act: () => Promise<LoadResult>): Promise<LoadCost> {
  const before = used();
  const result = await act();
  return { ...result, cpu: (used() - before) / result.answers };
}

/** The life of a version as a table, and the policy that decides how a new one takes an old one's place. */
import { FloeError } from '@floe/graph/base';
import type { SwapPolicy } from '../core/config.ts';
import type { VersionState } from '../core/inference.ts';

const NEXT: Readonly<Record<VersionState, readonly VersionState[]>> = {
  START: ['LOADING', 'END'],
  LOADING: ['AVAILABLE', 'END'],
  AVAILABLE: ['UNLOADING'],
  UNLOADING: ['END'],
  END: [],
};

/** Returns `to`. Throws INTERNAL for a step that the table does not have. */
export function step(from: VersionState, to: VersionState): VersionState {
  if (!NEXT[from].includes(to)) throw new FloeError('INTERNAL', `a version cannot go from ${from} to ${to}`);
  return to;
}

export interface SwapSnapshot {
  readonly policy: SwapPolicy;
  readonly limitBytes: number;
  readonly usedBytes: number;
  readonly neededBytes: number;
  /** Bytes that unloading the versions that are to go would give back. */
  readonly releasableBytes: number;
}

export type SwapDecision = 'load' | 'unload-first' | 'refuse';

/** Loads beside the old version wherever both fit; else as the policy says. Nothing is unloaded that would not make room. */
export function decideSwap(snapshot: SwapSnapshot): SwapDecision {
  const { policy, limitBytes, usedBytes, neededBytes, releasableBytes } = snapshot;
  if (policy === 'overlap' || usedBytes + neededBytes <= limitBytes) return 'load';
  if (policy === 'refuse' || releasableBytes === 0) return 'refuse';
  return usedBytes - releasableBytes + neededBytes <= limitBytes ? 'unload-first' : 'refuse';
}

/** The engine holds weights once as mapped and once as packed for its kernels; the rest is the graph and working memory. */
export function estimateMemory(bytesOnDisk: number): number {
  return 2 * bytesOnDisk + 32 * 1024 * 1024;
}

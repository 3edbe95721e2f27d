/**
 * How much each thing that is bounded in bytes may take of the memory that a server has. A cache that was given a size keeps it; by
 * default it takes a small part, so that in a small container models have the room.
 *
 *   memoryShares({ ...config, outputCacheMb: 'auto' }, 512 MiB).outputCache -> 16 MiB
 */
import { bodyLimitBytes, mebibytes, type ServeConfig } from './config.ts';

export interface MemoryShares {
  /** All of it. */
  readonly limit: number;
  readonly outputCache: number;
  readonly inputCache: number;
  readonly fetchCache: number;
  /** Inputs that wait. */
  readonly queue: number;
  /** Bodies that are being received or answered, together. */
  readonly heldBodies: number;
}

type Sized = Pick<ServeConfig, 'memoryLimitMb' | 'outputCacheMb' | 'inputCacheMb' | 'fetchCacheMb' | 'bodyLimitMb'>;

/** Of the limit, for each cache. */
const CACHE_SHARE = 1 / 32;
const MOST_CACHE_MB = 64;
const QUEUE_SHARE = 0.25;
const HELD_SHARE = 0.25;

/** `containerBytes` holds where the configuration sets no limit. */
export function memoryShares(config: Sized, containerBytes: number): MemoryShares {
  const limit = config.memoryLimitMb === 0 ? containerBytes : mebibytes(config.memoryLimitMb);
  const byDefault = Math.min(mebibytes(MOST_CACHE_MB), Math.floor(CACHE_SHARE * limit));
  const cache = (size: Sized['outputCacheMb']): number => (size === 'auto' ? byDefault : mebibytes(size));
  return {
    limit,
    outputCache: cache(config.outputCacheMb),
    inputCache: cache(config.inputCacheMb),
    fetchCache: cache(config.fetchCacheMb),
    queue: QUEUE_SHARE * limit,
    // One body of the size that is allowed has to get in.
    heldBodies: Math.max(bodyLimitBytes(config), HELD_SHARE * limit),
  };
}

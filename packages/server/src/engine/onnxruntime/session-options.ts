/** The native options that a session is created with. */
import type { SessionOptions } from '../../core/engine.ts';
import { threadsOf } from '../capacity.ts';
import { SESSION_CONFIG } from '../session-config.ts';
import { cell, type Runtime } from './native.ts';
import { check } from './status.ts';

/** `GraphOptimizationLevel`: all of them, NCHWc layouts among them, are worth 1.3 to 2.4 times. */
const ALL_OPTIMISATIONS = 99;

/** Holds native session options for as long as `use` runs. */
export async function withSessionOptions<T>(
  runtime: Runtime,
  options: SessionOptions,
  use: (native: bigint) => Promise<T>,
): Promise<T> {
  const { api, scratch } = runtime;
  check(api, api.createSessionOptions(scratch.pointer), 'load');
  const native = cell(scratch.pointer);
  try {
    check(api, api.setGraphOptimizationLevel(native, ALL_OPTIMISATIONS), 'load');
    check(api, api.setIntraOpNumThreads(native, threadsOf(options)), 'load');
    for (const [key, value] of SESSION_CONFIG) check(api, api.addConfigEntry(native, key, value), 'load');
    return await use(native);
  } finally {
    api.releaseSessionOptions(native);
  }
}

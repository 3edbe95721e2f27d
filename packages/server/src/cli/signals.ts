/** Waiting to be told to stop. */
import type process from 'node:process';

/** Resolves with the name of the first SIGINT or SIGTERM; the process does not end by itself from then on. */
export function interrupted(on: typeof process): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals): void => {
      on.off('SIGINT', stop);
      on.off('SIGTERM', stop);
      resolve(signal);
    };
    on.on('SIGINT', stop);
    on.on('SIGTERM', stop);
  });
}

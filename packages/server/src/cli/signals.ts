/** Waiting to be told to stop. */
import type process from 'node:process';

/** Until the returned function is called, a signal first does `clean` and then ends the process as if nobody had listened. */
export function cleaningUp(on: typeof process, clean: () => void): () => void {
  const end = (signal: NodeJS.Signals): void => {
    stop();
    clean();
    on.kill(on.pid, signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const stop = (): void => {
    for (const signal of signals) on.off(signal, end);
  };
  for (const signal of signals) on.on(signal, end);
  return stop;
}

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

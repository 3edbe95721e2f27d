/**
 * Tells when any of a few files changes. Looks at their state every two seconds rather than waiting for events, since these get lost
 * on network mounts and where a file is a link that is pointed elsewhere, as Kubernetes does with secrets.
 */
import { unwatchFile, watchFile } from 'node:fs';

const INTERVAL_MS = 2000;

export interface FileWatch {
  close(): void;
}

/** Does not keep the process alive. */
export function watchFiles(paths: readonly string[], changed: () => void): FileWatch {
  for (const path of paths) watchFile(path, { interval: INTERVAL_MS, persistent: false }, changed);
  return {
    close: () => {
      for (const path of paths) unwatchFile(path, changed);
    },
  };
}

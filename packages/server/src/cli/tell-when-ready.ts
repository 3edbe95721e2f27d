import type { Logger } from 'pino';
import type { ServedModels } from '../servable/models.ts';

/** Logs once that the server is ready: now, or when what it waits for is there, which is said then. */
export function tellWhenReady(
  models: Pick<ServedModels, 'ready' | 'missing' | 'onChange'>,
  log: Pick<Logger, 'info'>,
): void {
  if (models.ready()) {
    log.info({ ms: sinceStart() }, 'ready');
    return;
  }
  let waitedFor = models.missing();
  const end = models.onChange(() => {
    if (models.ready()) {
      end();
      log.info({ ms: sinceStart(), waitedFor }, 'ready');
    } else waitedFor = models.missing();
  });
}

/** Milliseconds that the process runs. */
export function sinceStart(): number {
  return Math.round(performance.now());
}

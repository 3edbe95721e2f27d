/** `floe serve`: runs a server until it is told to stop, then drains it. */
import process from 'node:process';
import { type Logger, pino } from 'pino';
import type { ServeConfig } from '../core/config.ts';
import type { FileWatch } from '../transport/watch-files.ts';
import { readConfig } from './config-file.ts';
import { lastWords } from './last-words.ts';
import { LiveConfig } from './live-config.ts';
import { EXIT, printJson } from './output.ts';
import { type RunningServer, startServer } from './server.ts';
import type { Place } from './serving.ts';
import { interrupted } from './signals.ts';

export async function serveCommand(options: Record<string, unknown>): Promise<number> {
  const { config: file, json, ...flags } = options;
  const config = await readConfig(flags, process.env, file as string | undefined);
  const log: Logger = pino({ level: config.logLevel }, pino.destination({ dest: json === true ? 2 : 1, sync: true }));
  const follow = (server: RunningServer): FileWatch =>
    new LiveConfig({ config, flags, file: file as string | undefined, adapt: server.adapt, log }).watch();
  return runServer({ config, log, follow, ...(json === true ? { onReady: printJson } : {}) });
}

export interface RunOptions {
  readonly config: ServeConfig;
  readonly log: Logger;
  readonly place?: Place;
  /** Follows a file of options while the server runs. */
  readonly follow?: (server: RunningServer) => FileWatch;
  /** Gets the addresses. */
  readonly onReady?: (addresses: object) => void;
}

/** Runs a server until it is told to stop; returns the exit code. Throws as `startServer`. */
export async function runServer({ config, log, place, follow, onReady }: RunOptions): Promise<number> {
  const stop = interrupted(process);
  const starting = startServer(config, log, place);
  const early = await Promise.race([starting.then(() => undefined), stop]);
  if (early !== undefined) tellOfEarlyEnd(early, 'the models are still loading', log);
  const server = await starting;
  const { http, admin, grpc } = server;
  const addresses = { http, admin, ...(grpc === undefined ? {} : { grpc }) };
  log.info({ ...addresses, models: config.models }, 'serving');
  onReady?.(addresses);
  const live = follow?.(server);
  const signal = await stop;
  live?.close();
  const missing = server.missing();
  if (missing !== '') tellOfEarlyEnd(signal, missing, log);
  log.info({ signal }, 'draining');
  return (await drained(server, config, log)) ? EXIT.ok : EXIT.failed;
}

/** Kubernetes stops a container that never gets ready: what it lacked has to stand where people look. */
function tellOfEarlyEnd(signal: string, missing: string, log: Logger): void {
  const message = `stopped by ${signal} before it was ready: ${missing}`;
  lastWords(message);
  log.warn(message);
}

/**
 * Balancers learn first that it is not ready, and until they have, it answers all that comes; then it answers what is under way, for as long
 * as the configuration allows. A second signal ends either wait.
 */
async function drained(server: RunningServer, config: ServeConfig, log: Logger): Promise<boolean> {
  server.drain();
  if (config.drainDelaySeconds > 0) await Promise.race([timeout(config.drainDelaySeconds), interrupted(process)]);
  const aborted = Promise.race([timeout(config.drainSeconds), interrupted(process)]).then(() => false);
  const isDrained = await Promise.race([server.close().then(() => true), aborted]);
  if (isDrained) {
    log.info('drained');
    return true;
  }
  log.error({ seconds: config.drainSeconds }, 'requests under way were abandoned');
  lastWords(`requests under way were abandoned after ${config.drainSeconds} s`);
  // A native run may still be going: exit handlers would free what it uses, so the process ends without them.
  process.kill(process.pid, 'SIGKILL');
  return false;
}

function timeout(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000).unref());
}

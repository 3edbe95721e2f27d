/** `floe serve`: runs a server until it is told to stop, then drains it. */
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { FloeError } from '@floe/graph/base';
import { type Logger, pino } from 'pino';
import { resolveConfig, type ServeConfig } from '../core/config.ts';
import { EXIT, printJson } from './output.ts';
import { type RunningServer, startServer } from './server.ts';
import { interrupted } from './signals.ts';

const DEFAULT_FILE = 'floe.yaml';

export async function serveCommand(options: Record<string, unknown>): Promise<number> {
  const { config: file, json, ...flags } = options;
  const config = resolveConfig(flags, process.env, await readFileOptions(file as string | undefined));
  const log: Logger = pino({ level: config.logLevel }, pino.destination({ dest: json === true ? 2 : 1, sync: true }));
  const stop = interrupted(process);
  const server = await startServer(config, log);
  log.info({ http: server.http, admin: server.admin, models: config.models }, 'serving');
  if (json === true) printJson({ http: server.http, admin: server.admin });
  log.info({ signal: await stop }, 'draining');
  return (await drained(server, config, log)) ? EXIT.ok : EXIT.failed;
}

async function readFileOptions(path: string | undefined): Promise<Record<string, unknown>> {
  const file = path ?? DEFAULT_FILE;
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (path === undefined && cause.code === 'ENOENT') return '';
    throw new FloeError('NOT_FOUND', `${file} cannot be read: ${cause.message}`, { file }, cause);
  });
  if (text === '') return {};
  const { parse } = await import('yaml');
  try {
    const options: unknown = parse(text) ?? {};
    if (typeof options === 'object' && !Array.isArray(options)) return options as Record<string, unknown>;
  } catch (cause) {
    throw new FloeError('INVALID_ARGUMENT', `${file} is not YAML: ${(cause as Error).message}`, { file }, cause);
  }
  throw new FloeError('INVALID_ARGUMENT', `${file} has to be a list of option: value`, { file });
}

/** Answers what is under way, for as long as the configuration allows. A second signal ends the wait. */
async function drained(server: RunningServer, config: ServeConfig, log: Logger): Promise<boolean> {
  const aborted = Promise.race([timeout(config.drainSeconds), interrupted(process)]).then(() => false);
  const isDrained = await Promise.race([server.close().then(() => true), aborted]);
  if (isDrained) {
    log.info('drained');
    return true;
  }
  log.error({ seconds: config.drainSeconds }, 'requests under way were abandoned');
  // A native run may still be going: exit handlers would free what it uses, so the process ends without them.
  process.kill(process.pid, 'SIGKILL');
  return false;
}

function timeout(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000).unref());
}

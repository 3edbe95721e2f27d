/**
 * `floe kserve`: one model as KServe wants it served. It lays the model's files at `--model_dir` and starts its servers by these flags; those that
 * mean nothing here are passed over, as KServe's own servers do. What no flag says is as in `floe serve`: `FLOE_*`.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { type FloeError, invalid } from '@floe/graph/base';
import { pino } from 'pino';
import { resolveConfig, type ServeConfig } from '../core/config.ts';
import { isModelName } from '../core/manifest.ts';
import { ListedSource } from '../registry/listed-source.ts';
import { Selection } from '../registry/selection.ts';
import { runServer } from './serve.ts';
import type { Place } from './serving.ts';

/** As its servers have them (`model_server.py`). */
const MODEL_NAME = 'model';
const MODEL_DIR = '/mnt/models';
const HTTP_PORT = '8080';
const HTTPS_PORT = '8443';
const GRPC_PORT = '8081';

const FLAGS = {
  model_name: { type: 'string' },
  model_dir: { type: 'string' },
  http_port: { type: 'string' },
  grpc_port: { type: 'string' },
  enable_grpc: { type: 'string' },
  ssl_certfile: { type: 'string' },
  ssl_keyfile: { type: 'string' },
} as const;

type Flags = Partial<Record<keyof typeof FLAGS, string>>;
type Environment = Readonly<Record<string, string | undefined>>;

export interface KserveSettings {
  readonly config: ServeConfig;
  readonly model: string;
  readonly folder: string;
  /** Flags that mean nothing here. */
  readonly ignored: readonly string[];
}

/** Returns the exit code. */
export async function kserveCommand(args: readonly string[]): Promise<number> {
  const { config, model, folder, ignored } = kserveSettings(args, process.env);
  const log = pino({ level: config.logLevel }, pino.destination({ dest: 1, sync: true }));
  if (ignored.length > 0) log.warn({ flags: ignored }, 'flags that have no effect');
  return runServer({
    config,
    log,
    place: kservePlace(model, folder, (err) => log.error({ err }, 'there is no model')),
  });
}

/** Throws INVALID_ARGUMENT naming the flag. */
export function kserveSettings(args: readonly string[], environment: Environment): KserveSettings {
  const { values } = parseArgs({ args: [...args], options: FLAGS, strict: false });
  const flags = Object.fromEntries(Object.entries(values).filter(([name]) => Object.hasOwn(FLAGS, name)));
  for (const [name, value] of Object.entries(flags))
    if (typeof value !== 'string') throw invalid(`--${name}: a value is missing`, { field: `--${name}` });
  const { model_name: model = MODEL_NAME, model_dir: folder = MODEL_DIR } = flags as Flags;
  if (!isModelName(model)) throw invalid(`--model_name: ${model} is no model name`, { field: '--model_name' });
  return {
    config: resolveConfig({ models: folder, host: '0.0.0.0', ...ports(flags as Flags, environment) }, environment, {}),
    model,
    folder,
    ignored: Object.keys(values).filter((name) => !Object.hasOwn(FLAGS, name)),
  };
}

function ports(flags: Flags, environment: Environment): Record<string, string> {
  const cert = flags.ssl_certfile ?? environment['KSERVE_TLS_CERT_FILE'] ?? '';
  const key = flags.ssl_keyfile ?? environment['KSERVE_TLS_KEY_FILE'] ?? '';
  const isSecure = cert !== '' && key !== '';
  return {
    httpPort: flags.http_port ?? (isSecure ? HTTPS_PORT : HTTP_PORT),
    grpcPort: isTrue(flags.enable_grpc) ? (flags.grpc_port ?? GRPC_PORT) : 'off',
    ...(isSecure ? { tlsCert: cert, tlsKey: key } : {}),
  };
}

function isTrue(text = 'true'): boolean {
  if (/^(y|yes|t|true|on|1)$/i.test(text)) return true;
  if (/^(n|no|f|false|off|0)$/i.test(text)) return false;
  throw invalid(`--enable_grpc: ${text} is neither true nor false`, { field: '--enable_grpc' });
}

/** The files may come later, and may be a version, or versions in numbered folders. */
export function kservePlace(name: string, basePath: string, onError: (error: FloeError) => void): Place {
  const selection = new Selection();
  const list = [{ name, basePath, lone: true, labels: {} }];
  return {
    listed: { source: new ListedSource({ list: async () => list, selection, onError }), selection },
    kserve: true,
  };
}

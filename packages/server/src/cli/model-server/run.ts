/**
 * `tensorflow_model_server`: TensorFlow Serving's command line and files in front of the same server. What they say becomes options and a list of
 * models; where they say nothing, `FLOE_*` and the defaults of `floe serve` hold.
 */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { FloeError } from '@floe/graph/base';
import { type Logger, pino } from 'pino';
import { resolveConfig } from '../../core/config.ts';
import { VERSION } from '../../core/version.ts';
import { type Listed, ListedSource } from '../../registry/listed-source.ts';
import { Selection } from '../../registry/selection.ts';
import { EXIT, fail, print } from '../output.ts';
import { runServer } from '../serve.ts';
import { readBatchDelay, readMetricsPath, readModelConfig, readSsl } from './files.ts';
import { type ModelServerFlags, parseFlags, usage } from './flags.ts';

/** As there. */
const GRPC_PORT = 8500;
const MODEL_NAME = 'default';
const POLL_SECONDS = 1;
/** As good as never. */
const SELDOM_SECONDS = 3600;

/** Returns the exit code. */
export async function runModelServer(args: readonly string[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'floe-model-server-'));
  try {
    const { flags, warnings } = parseFlags(args);
    if (flags.version === true) {
      print(`TensorFlow ModelServer, by Floe ${VERSION}`);
      return EXIT.ok;
    }
    const config = resolveConfig(await optionsOf(flags, folder), process.env, {});
    const log = pino({ level: config.logLevel }, pino.destination({ dest: 1, sync: true }));
    for (const warning of warnings) log.warn(warning);
    return await runServer({ config, log, place: await placeOf(flags, log) });
  } catch (error) {
    if (error instanceof FloeError && error.details[0]?.field?.startsWith('-')) process.stderr.write(`${usage()}\n`);
    return fail(error, false);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Options of `floe serve`. `folder`: for what has to lie in files. Throws as the files' readers. */
export async function optionsOf(flags: ModelServerFlags, folder: string): Promise<Record<string, unknown>> {
  const { port = GRPC_PORT, rest_api_port: restPort = 0, file_system_poll_wait_seconds: poll = POLL_SECONDS } = flags;
  const delay =
    flags.enable_batching === true && flags.batching_parameters_file !== undefined
      ? await readBatchDelay(flags.batching_parameters_file)
      : undefined;
  const parallelism = flags.tensorflow_session_parallelism ?? flags.tensorflow_intra_op_parallelism;
  return {
    // Not looked into: models lie where they are listed.
    models: '.',
    host: '0.0.0.0',
    grpcPort: port === 0 ? 'off' : port,
    httpPort: restPort,
    pollSeconds: poll > 0 ? poll : SELDOM_SECONDS,
    ...(flags.grpc_socket_path === undefined ? {} : { grpcSocket: flags.grpc_socket_path }),
    ...(flags.rest_api_enable_cors_support === true ? { corsOrigins: '*' } : {}),
    ...(delay === undefined ? {} : { batchDelayMs: delay }),
    ...(parallelism === undefined ? {} : { threads: parallelism }),
    ...(flags.ssl_config_file === undefined ? {} : await certificates(flags.ssl_config_file, folder)),
  };
}

/** TensorFlow Serving has them in the text of its file, here they are files of their own. */
async function certificates(file: string, folder: string): Promise<Record<string, string>> {
  const { key, cert, clientCa } = await readSsl(file);
  const options: Record<string, string> = {};
  for (const [option, text] of [
    ['tlsKey', key],
    ['tlsCert', cert],
    ['tlsClientCa', clientCa],
  ] as const) {
    if (text === undefined) continue;
    const path = join(folder, `${option}.pem`);
    await writeFile(path, text, { mode: 0o600 });
    options[option] = path;
  }
  return options;
}

/** Where the models are, and where metrics are wanted. Throws INVALID_ARGUMENT where no model is named. */
export async function placeOf(flags: ModelServerFlags, log: Logger) {
  const selection = new Selection();
  const onError = (err: FloeError): void => log.error({ err }, 'a model is not there');
  const source = new ListedSource({ list: await listOf(flags, log), selection, onError });
  const metricsPath =
    flags.monitoring_config_file === undefined ? undefined : await readMetricsPath(flags.monitoring_config_file);
  return { listed: { source, selection }, ...(metricsPath === undefined ? {} : { metricsPath }) };
}

/** The list as it is at each look: that of the command line for ever, that of the file anew where it is to be followed. */
async function listOf(flags: ModelServerFlags, log: Pick<Logger, 'error'>): Promise<() => Promise<readonly Listed[]>> {
  const { model_config_file: file, model_config_file_poll_wait_seconds: wait = 0, model_base_path: basePath } = flags;
  if (file === undefined) {
    if (basePath === undefined) {
      const message = 'Both server_options.model_base_path and server_options.model_config_file are empty!';
      throw new FloeError('INVALID_ARGUMENT', message, { field: '--model_base_path' });
    }
    const one = [{ name: flags.model_name ?? MODEL_NAME, basePath, labels: {} }];
    return async () => one;
  }
  let list = await readModelConfig(file);
  let [changed, looked] = [await modified(file), performance.now()];
  return async () => {
    if (wait <= 0 || performance.now() - looked < wait * 1000) return list;
    looked = performance.now();
    const now = await modified(file);
    if (now === changed) return list;
    changed = now;
    list = await readModelConfig(file).catch((err: unknown) => {
      log.error({ err }, 'the list of models stays as it was');
      return list;
    });
    return list;
  };
}

async function modified(file: string): Promise<number> {
  return stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}

/** The composition root of a server: wires engine, models, registry and transports from one configuration. */
import { join, resolve } from 'node:path';
import process from 'node:process';
import { FloeError } from '@floe/graph/base';
import type { Logger } from 'pino';
import { Builder } from '../build/builder.ts';
import { bodyLimitBytes, mebibytes, type ServeConfig } from '../core/config.ts';
import type { Engine } from '../core/engine.ts';
import type { VersionStatus } from '../core/inference.ts';
import { defaultCacheDir, memoryLimitBytes } from '../core/machine.ts';
import { VERSION } from '../core/version.ts';
import { capacityOf, readCpus } from '../engine/capacity.ts';
import { openEngine } from '../engine/index.ts';
import { type Infer, inference } from '../infer.ts';
import { FETCH_DEFAULTS, Fetcher } from '../input/fetch.ts';
import { type InputStage, inputStage } from '../input/stage.ts';
import { type FoundVersion, scanRoot } from '../registry/scan.ts';
import { Watcher } from '../registry/watcher.ts';
import { type LoadedServable, loadVersion } from '../servable/loaded.ts';
import { ServedModels } from '../servable/models.ts';
import { frozenFolder } from '../servable/plain.ts';
import type { HttpServer, TlsOptions } from '../transport/http/deps.ts';
import { type Identity, openIdentity } from '../transport/identity/identity.ts';

const MEBIBYTE = 1024 * 1024;

export interface RunningServer {
  /** Such as `http://127.0.0.1:8501`. */
  readonly http: string;
  readonly admin: string;
  /** Looks for new versions now; resolves when they serve or have failed. */
  reload(): Promise<void>;
  /** Takes no more requests, answers those under way, unloads everything. */
  close(): Promise<void>;
}

/** What has to be closed again, last opened first. */
type Closing = (() => Promise<unknown> | unknown)[];

/** Starts to listen and loads what is there. Throws where the models folder, the engine, the keys or an address are unusable. */
export async function startServer(config: ServeConfig, log: Logger): Promise<RunningServer> {
  const closing: Closing = [];
  const close = async (): Promise<void> => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    return { ...(await start(config, log, closing)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(config: ServeConfig, log: Logger, closing: Closing): Promise<Omit<RunningServer, 'close'>> {
  // A wrong folder is said before an engine or a port is opened.
  await scanRoot(config.models);
  const capacity = capacityOf(readCpus());
  const slots = Math.min(config.slots || capacity.slots, 2 * capacity.slots);
  const engine = await openEngine({ kind: config.engine, slots, log: (message) => log.warn(message) });
  closing.push(() => engine.close());
  const builder = new Builder();
  closing.push(() => builder.close());
  const models = servedModels(config, log, engine, builder);
  closing.push(() => models.close());
  const watcher = new Watcher({
    root: resolve(config.models),
    keepVersions: config.keepVersions,
    pollSeconds: config.pollSeconds,
    onAspired: (aspired) => models.aspire(aspired),
    onError: (error) => log.error({ err: error }, 'looking for new versions failed'),
  });
  closing.push(() => watcher.stop());
  // Models load on other threads meanwhile.
  const loading = watcher.start();
  loading.catch(() => {});
  const identity = await identityOf(config, log, closing);
  const infer = inference(models, inputOf(config, closing));
  const servers = await listen(config, { models, identity, log, infer }, () => watcher.look());
  closing.push(() => Promise.all([servers.http.close(), servers.admin.close()]));
  await loading;
  return { http: servers.http.address, admin: servers.admin.address, reload: () => watcher.look() };
}

function servedModels(config: ServeConfig, log: Logger, engine: Engine, builder: Builder): ServedModels {
  const cacheDir = resolve(config.cacheDir || defaultCacheDir(process.env));
  const session = { intraOpThreads: config.threads || capacityOf(readCpus()).intraOpThreads, gather: true };
  const deps = { engine, builder, session, cacheFolder: join(cacheDir, 'compiled') };
  const limitBytes = config.memoryLimitMb === 0 ? memoryLimitBytes() : config.memoryLimitMb * MEBIBYTE;
  return new ServedModels({
    load: (found) => loadFound(found, cacheDir, deps),
    memory: () => ({ limitBytes, usedBytes: process.memoryUsage.rss() }),
    swap: config.swap,
    onChange: (model, status) => logChange(log, model, status),
  });
}

async function loadFound(
  found: FoundVersion,
  cacheDir: string,
  deps: Parameters<typeof loadVersion>[2],
): Promise<LoadedServable> {
  const folder = await frozenFolder(found, deps.builder, cacheDir);
  return loadVersion(folder, { model: found.model, version: found.version }, deps);
}

function logChange(log: Logger, model: string, { version, state, errorCode, errorMessage }: VersionStatus): void {
  if (errorCode === 'OK') log.info({ model, version, state }, 'version');
  else log.error({ model, version, state, errorCode, errorMessage }, 'version failed');
}

async function listen(
  config: ServeConfig,
  shared: { readonly models: ServedModels; readonly identity: Identity; readonly log: Logger; readonly infer: Infer },
  rescan: () => Promise<void>,
): Promise<{ http: HttpServer; admin: HttpServer }> {
  const tls = tlsOf(config);
  const [{ createHttpServer }, { createAdminServer }] = await Promise.all([
    import('../transport/http/server.ts'),
    import('../transport/http/admin.ts'),
  ]);
  const options = {
    host: config.host,
    port: config.httpPort,
    bodyLimit: bodyLimitBytes(config),
    accessLog: config.accessLog,
    version: VERSION,
    ...tls,
  };
  const http = await createHttpServer({ ...shared, options });
  try {
    const admin = await createAdminServer({
      ...shared,
      rescan,
      describe: (model, version) => shared.models.describe(model, version),
      options: { host: config.adminHost, port: config.adminPort, ...tls },
    });
    return { http, admin };
  } catch (error) {
    await http.close();
    throw error;
  }
}

/** As float32, an image of bytes takes four times the room that the same tensor of bytes takes in a body. */
const TENSOR_BYTES_PER_BODY_BYTE = 4;

function inputOf(config: ServeConfig, closing: Closing): InputStage {
  const limits = {
    maxPixels: config.maxPixels,
    maxTensorBytes: TENSOR_BYTES_PER_BODY_BYTE * bodyLimitBytes(config),
    decodes: capacityOf(readCpus()).slots,
  };
  if (config.fetchHosts.length === 0) return inputStage(limits);
  const fetcher = new Fetcher({
    ...FETCH_DEFAULTS,
    hosts: config.fetchHosts,
    networks: config.fetchNetworks,
    maxBytes: mebibytes(config.fetchMaxMb),
    totalSeconds: config.fetchSeconds,
    cacheBytes: mebibytes(config.fetchCacheMb),
  });
  closing.push(() => fetcher.close());
  return inputStage(limits, { fetcher });
}

async function identityOf(config: ServeConfig, log: Logger, closing: Closing): Promise<Identity> {
  if (config.keys === '') return openIdentity;
  const { KeyFileIdentity } = await import('../transport/identity/key-file.ts');
  const identity = new KeyFileIdentity(config.keys, log).watchFile();
  closing.push(() => identity.close());
  return identity;
}

function tlsOf(config: ServeConfig): { tls?: TlsOptions } {
  const { tlsCert: cert, tlsKey: key } = config;
  if (cert === '' && key === '') return {};
  if (cert === '' || key === '') throw onlyOne(cert === '' ? '--tls-cert' : '--tls-key');
  return { tls: { cert, key } };
}

function onlyOne(missing: string): FloeError {
  return new FloeError('INVALID_ARGUMENT', `TLS needs a certificate and a key: ${missing} is missing`, {
    field: missing,
  });
}

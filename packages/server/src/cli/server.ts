/** The composition root of a server: wires what answers, the registry and the transports from one configuration. */
import { asFloeError } from '@floe/graph/base';
import type { Logger } from 'pino';
import type { ServeConfig } from '../core/config.ts';
import type { ModelSource } from '../registry/source.ts';
import { Watcher } from '../registry/watcher.ts';
import { type Identity, openIdentity } from '../transport/identity/identity.ts';
import { RecentRequests } from '../transport/recent-requests.ts';
import { openDatabase } from './database.ts';
import { closeAll, listen } from './listen.ts';
import { repositoryOf, rolloutOf } from './releases.ts';
import { repositoryControl } from './repository-control.ts';
import { type Closing, openServing, type Place } from './serving.ts';
import { openSource } from './source.ts';
import { sinceStart, tellWhenReady } from './tell-when-ready.ts';
import { TrainingPort } from './training-port.ts';

export interface RunningServer {
  /** Such as `http://127.0.0.1:8501`. */
  readonly http: string;
  readonly admin: string;
  /** Such as `127.0.0.1:8500`; absent where it is off. */
  readonly grpc?: string;
  /** Looks for new versions now; resolves when they serve or have failed. */
  reload(): Promise<void>;
  /** Takes over the options that may change while it runs. */
  adapt(config: ServeConfig): void;
  /** What it waits for before it is ready for the first time; empty afterwards. */
  missing(): string;
  /** Is not ready any more, and ends connections as they fall idle; answers all that comes until `close`. */
  drain(): void;
  /** Takes no more requests, answers those under way, unloads everything. */
  close(): Promise<void>;
}

/** Starts to listen and loads what is there. Throws where the models folder, the engine, the keys or an address are unusable. */
export async function startServer(config: ServeConfig, log: Logger, place: Place = {}): Promise<RunningServer> {
  const closing: Closing = [];
  const close = async (): Promise<void> => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    return { ...(await start(config, log, place, closing)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(
  config: ServeConfig,
  log: Logger,
  place: Place,
  closing: Closing,
): Promise<Omit<RunningServer, 'close'>> {
  const { listed } = place;
  const source = listed?.source ?? (await openSource(config, log, closing));
  await look(source);
  const serving = await openServing(config, { source, ...place }, log, closing);
  const releases = repositoryOf(config, closing);
  const lookAfterTrials = rolloutOf(releases, serving, log);
  const watcher = new Watcher({
    source,
    ...(listed === undefined ? {} : { selection: listed.selection }),
    keepVersions: config.keepVersions,
    pollSeconds: config.pollSeconds,
    onAspired: async (aspired) => {
      await serving.models.aspire(aspired);
      await lookAfterTrials(aspired);
    },
    onError: (error) => log.error({ err: error }, 'looking for new versions failed'),
    onDeleted: serving.forget,
  });
  closing.push(() => watcher.stop());
  // Models load on other threads meanwhile.
  const loading = watcher.start();
  loading.catch(() => {});
  const identity = await identityOf(config, log, closing);
  const training = new TrainingPort();
  const recent = new RecentRequests();
  serving.models.onChange(() =>
    recent.totals.keepOnly((model, version) => serving.models.describe(model, version).sessions > 0),
  );
  const shared = {
    ...serving,
    identity,
    log,
    recent,
    releases,
    repository: repositoryControl(listed?.source ?? config.models, watcher, serving.models),
    ...(place.metricsPath === undefined ? {} : { metricsPath: place.metricsPath }),
    kserve: place.kserve === true,
    ...(serving.feedback === undefined ? {} : { training }),
  };
  const servers = await listen(config, shared, () => watcher.look());
  // All of them stop taking requests at once.
  closing.push(() => closeAll(servers));
  const { feedback, models } = serving;
  log.info({ ms: sinceStart() }, 'listening');
  await loading.catch((thrown: unknown) => {
    const err = asFloeError(thrown);
    if (err.code !== 'UNAVAILABLE') throw err;
    log.error({ err }, 'the models are not known yet; looking again');
    models.notFoundOut(err);
  });
  tellWhenReady(models, log);
  if (feedback !== undefined) await openDatabase({ config, feedback, training, log, closing });
  const { http, admin, grpc } = servers;
  const addresses = { http: http.address, admin: admin.address, ...(grpc === undefined ? {} : { grpc: grpc.address }) };
  return {
    ...addresses,
    reload: () => watcher.look(),
    adapt: (now) => serving.adapt(now),
    missing: () => models.missing(),
    drain: () => {
      models.drain();
      http.drain();
    },
  };
}

/** A wrong folder is said before an engine or a port is opened; a bucket that is away comes back. */
async function look(source: ModelSource): Promise<void> {
  try {
    await source.find();
  } catch (thrown) {
    const error = asFloeError(thrown);
    if (error.code !== 'UNAVAILABLE') throw error;
  }
}

async function identityOf(config: ServeConfig, log: Logger, closing: Closing): Promise<Identity> {
  if (config.keys === '') return openIdentity;
  const { KeyFileIdentity } = await import('../transport/identity/key-file.ts');
  const identity = new KeyFileIdentity(config.keys, log).watchFile();
  closing.push(() => identity.close());
  return identity;
}

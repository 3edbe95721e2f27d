/**
 * The admin API, on a port of its own: what is loaded, what became of a request and why, what queue and caches do, how accurate a version
 * is said to be, and to look for new versions now. Every route needs the scope `manage`.
 */

import { FloeError, invalid } from '@floe/graph/base';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Models } from '../../core/inference.ts';
import { ANONYMOUS } from '../../core/terms.ts';
import { credentialsIn, type Identity } from '../identity/identity.ts';
import type { RecentRequests } from '../recent-requests.ts';
import type { TlsOptions } from '../tls.ts';
import { objectIn } from './admin-body.ts';
import { addJobs, type Trainings } from './admin-jobs.ts';
import { addReleases, type Releases } from './admin-releases.ts';
import { createApp, listen } from './app.ts';
import type { HttpServer } from './deps.ts';
import { floeShape, wireError } from './errors.ts';
import type { Observed } from './observed.ts';

export interface AdminDeps {
  readonly models: Models;
  readonly identity: Identity;
  readonly log: Logger;
  /** Looks for new versions; resolves when what was found is loaded or has failed. */
  readonly rescan: () => Promise<void>;
  readonly recent: RecentRequests;
  readonly observed: Observed;
  /** States the accuracy of a version, or takes the statement back. Throws INVALID_ARGUMENT. */
  readonly setAccuracy: (model: string, version: number, accuracy: number | undefined) => void;
  /** What is known of a loaded version beside its state, such as memory in bytes and open sessions. */
  readonly describe?: (model: string, version: number) => Readonly<Record<string, unknown>>;
  /** The repository that the models come from. */
  readonly releases: () => Promise<Releases>;
  /** Absent where there is no database of jobs. */
  readonly training?: Trainings;
  readonly options: { readonly host: string; readonly port: number; readonly tls?: TlsOptions };
}

/** The admin API takes no bodies worth speaking of. */
const BODY_LIMIT = 64 * 1024;

export async function createAdminServer(deps: AdminDeps): Promise<HttpServer> {
  const app = createApp({ ...deps.options, bodyLimit: BODY_LIMIT });
  const callers = new WeakMap<FastifyRequest, string>();
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    try {
      if (request.raw.url !== '/healthz/live')
        callers.set(request, deps.identity.authorize(credentialsIn(request.raw), 'manage').name);
      done();
    } catch (thrown) {
      done(thrown as Error);
    }
  });
  app.get('/healthz/live', (_request, reply) => reply.send('ok\n'));
  app.get('/admin/models', async () => ({ models: listModels(deps) }));
  app.post('/admin/models/reload', async () => {
    await deps.rescan();
    return { models: listModels(deps) };
  });
  addExplanations(app, deps);
  addAccuracy(app, deps);
  const caller = (request: FastifyRequest): string => callers.get(request) ?? ANONYMOUS;
  addReleases(app, { releases: deps.releases, caller });
  addJobs(app, { trainings: deps.training, caller });
  app.setErrorHandler((error, request, reply) => fail(deps, error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    const error = new FloeError('NOT_FOUND', `there is nothing at ${request.method} ${request.url}`);
    return fail(deps, error, request, reply);
  });
  return listen(app, deps.options);
}

function addExplanations(app: FastifyInstance, { recent, observed }: AdminDeps): void {
  app.get('/admin/requests', async () => ({ requests: recent.latest() }));
  app.get('/admin/requests/:id', async (request) => {
    const { id } = request.params as { id: string };
    const found = recent.find(id);
    if (found !== undefined) return found;
    throw new FloeError('NOT_FOUND', `request ${id} is not among the latest that were inferred`, { field: 'id' });
  });
  app.get('/admin/queue', async () => observed.scheduler());
  app.get('/admin/cache', async () => ({
    outputs: observed.outputs(),
    inputs: observed.inputs(),
    images: observed.images(),
    verified: observed.verified(),
  }));
}

interface VersionParams {
  readonly model: string;
  readonly version: string;
}

function addAccuracy(app: FastifyInstance, deps: AdminDeps): void {
  const url = '/admin/models/:model/versions/:version/accuracy';
  app.put(url, async (request) => {
    const { model, version } = loadedVersion(deps, request);
    const value = accuracyIn(request.body);
    deps.setAccuracy(model, version, value);
    return { model, version, accuracy: value };
  });
  app.delete(url, async (request) => {
    const { model, version } = loadedVersion(deps, request);
    deps.setAccuracy(model, version, undefined);
    return { model, version };
  });
}

function loadedVersion({ models }: AdminDeps, request: FastifyRequest): { model: string; version: number } {
  const { model, version } = request.params as VersionParams;
  if (!/^\d{1,15}$/.test(version)) throw invalid(`${version} is no version`, { field: 'version' });
  models.status({ name: model, version: Number(version) });
  return { model, version: Number(version) };
}

function accuracyIn(body: unknown): number {
  const value = objectIn(body)['accuracy'];
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw invalid('the body has to be {"accuracy": a number between 0 and 1}', { field: 'accuracy' });
}

function listModels({ models, describe }: AdminDeps): object[] {
  return models.names().map((name) => ({
    name,
    versions: models.status({ name }).map((status) => ({ ...status, ...describe?.(name, status.version) })),
  }));
}

function fail(deps: AdminDeps, thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const wire = wireError(thrown, floeShape, request.id);
  if (wire.status >= 500) deps.log.error({ requestId: request.id, err: thrown }, 'admin request failed');
  if (wire.status === 401) reply.header('www-authenticate', 'Bearer');
  return reply.code(wire.status).header('content-type', 'application/json').send(wire.body);
}

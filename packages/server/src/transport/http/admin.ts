/** The admin API, on a port of its own: what is loaded, and to look for new versions now. Every route needs the scope `manage`. */

import { FloeError } from '@floe/graph/base';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Models } from '../../core/inference.ts';
import type { Identity } from '../identity/identity.ts';
import { createApp, listen } from './app.ts';
import type { HttpServer, TlsOptions } from './deps.ts';
import { floeShape, wireError } from './errors.ts';

export interface AdminDeps {
  readonly models: Models;
  readonly identity: Identity;
  readonly log: Logger;
  /** Looks for new versions; resolves when what was found is loaded or has failed. */
  readonly rescan: () => Promise<void>;
  /** What is known of a loaded version beside its state, such as memory in bytes and open sessions. */
  readonly describe?: (model: string, version: number) => Readonly<Record<string, unknown>>;
  readonly options: { readonly host: string; readonly port: number; readonly tls?: TlsOptions };
}

/** The admin API takes no bodies worth speaking of. */
const BODY_LIMIT = 64 * 1024;

export async function createAdminServer(deps: AdminDeps): Promise<HttpServer> {
  const app = createApp({ ...deps.options, bodyLimit: BODY_LIMIT });
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    const { headers, socket } = request.raw;
    const credentials = { authorization: headers.authorization, remoteAddress: socket.remoteAddress };
    try {
      if (request.raw.url !== '/healthz/live') deps.identity.authorize(credentials, 'manage');
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
  app.setErrorHandler((error, request, reply) => fail(deps, error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    const error = new FloeError('NOT_FOUND', `there is nothing at ${request.method} ${request.url}`);
    return fail(deps, error, request, reply);
  });
  return listen(app, deps.options);
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

/**
 * The HTTP server of the data plane: TensorFlow Serving REST, Open Inference Protocol V2 and pictures, straight on Node's HTTP; beside
 * them pages of health, metrics and the browsable description of all that.
 */
import { FloeError } from '@floe/graph/base';
import type { Registry } from '@prometheus-io/client';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CodecThread } from '../codecs/codec-thread.ts';
import { offloading } from '../codecs/offload.ts';
import { createApp, listen } from './app.ts';
import type { HttpContext } from './context.ts';
import { DataPlane } from './data-plane.ts';
import type { DataServer, HttpDeps } from './deps.ts';
import { addDocs } from './docs.ts';
import { floeShape, methodNotAllowed, wireError } from './errors.ts';
import { ALIVE } from './kserve-routes.ts';
import { HttpMetrics } from './metrics.ts';

const METRICS = '/metrics';

/** Starts to listen. Throws UNAVAILABLE where the address is taken, FAILED_PRECONDITION for unusable certificates. */
export async function createHttpServer(deps: HttpDeps): Promise<DataServer> {
  const thread = new CodecThread();
  const context: HttpContext = { ...deps, http: new HttpMetrics(deps.grpc), codecs: offloading(thread) };
  const plane = new DataPlane(context);
  const app = createApp(deps.options, (pages) => plane.before(pages));
  addHealth(app, context);
  addDocs(app, { version: deps.options.version, feedback: deps.feedback !== undefined });
  app.get('/', (_request, reply) => (deps.options.kserve ? reply.send(ALIVE) : reply.redirect('/docs')));
  addFallbacks(app, context);
  app.addHook('onClose', async () => {
    context.http.close();
    await thread.close();
  });
  const server = await listen(app, deps.options);
  const close = (): Promise<void> => {
    plane.close(() => app.server.closeIdleConnections());
    return server.close();
  };
  return { ...server, drain: () => plane.startDraining(), close };
}

function addHealth(app: FastifyInstance, context: HttpContext): void {
  app.get('/healthz/live', (_request, reply) => reply.send('ok\n'));
  app.get('/healthz/ready', (_request, reply) =>
    context.models.ready() ? reply.send('ok\n') : reply.code(503).send(`${context.models.missing() || 'draining'}\n`),
  );
  let registry: Promise<Registry> | undefined;
  const { metricsPath } = context.options;
  const named = metricsPath !== undefined;
  for (const path of new Set([METRICS, metricsPath ?? METRICS]))
    app.get(path, async (_request, reply) => {
      registry ??= import('./exposition.ts').then(({ exposition }) =>
        exposition(context.http, context.observed, named),
      );
      const { contentType } = await registry;
      return reply.header('content-type', contentType).send(await (await registry).metrics());
    });
}

function addFallbacks(app: FastifyInstance, context: HttpContext): void {
  const fail = (thrown: unknown, { id }: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const wire = wireError(thrown, floeShape, id);
    if (wire.status >= 500) context.log.error({ requestId: id, err: thrown }, 'request failed');
    return reply.code(wire.status).header('content-type', 'application/json').send(wire.body);
  };
  app.setErrorHandler(fail);
  app.addHook('onRequest', async (request, reply) => {
    if (request.method === 'GET' || request.method === 'HEAD') return;
    if (!app.hasRoute({ method: 'GET', url: pathOf(request) })) return;
    throw methodNotAllowed(reply, 'GET, HEAD');
  });
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request);
    return fail(new FloeError('NOT_FOUND', `there is nothing at ${request.method} ${path}`), request, reply);
  });
}

function pathOf({ raw }: FastifyRequest): string {
  return (raw.url ?? '').split('?')[0] ?? '';
}

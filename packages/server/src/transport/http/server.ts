/**
 * The HTTP server of the data plane: TensorFlow Serving REST, Open Inference Protocol V2, pictures, health, metrics and the browsable
 * description of all that. One hook before a request; the rest is plain functions.
 */
import { asFloeError, FloeError } from '@floe/graph/base';
import type { Registry } from '@prometheus-io/client';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RateLimits } from '../../queue/rate-limit.ts';
import { createApp, listen } from './app.ts';
import { authorize, dialectOf, type HttpContext, sendError } from './context.ts';
import type { HttpDeps, HttpServer } from './deps.ts';
import { addDocs } from './docs.ts';
import { HttpError } from './errors.ts';
import { HttpMetrics } from './metrics.ts';
import { addTfsRoutes, answerTfs } from './tfs-routes.ts';
import { addV2Routes } from './v2-routes.ts';

/** Until it is known who asks. */
const NOBODY = { name: '', weight: 1 };
/** What nginx calls a caller that went away before the answer was out. */
const CLIENT_LEFT = 499;
const V2_PATHS = /^\/v2(\/health\/(live|ready)|\/models\/[^/]+(\/versions\/[^/]+)?(\/(ready|infer))?)?$/;

/** Starts to listen. Throws UNAVAILABLE where the address is taken, FAILED_PRECONDITION for unusable certificates. */
export async function createHttpServer(deps: HttpDeps): Promise<HttpServer> {
  const context: HttpContext = { ...deps, http: new HttpMetrics() };
  const app = createApp(deps.options);
  addHooks(app, context);
  addTfsRoutes(app, context);
  addV2Routes(app, context);
  addHealth(app, context);
  addDocs(app, deps.options.version);
  addFallbacks(app, context);
  app.addHook('onClose', async () => context.http.close());
  return listen(app, deps.options);
}

function addHooks(app: FastifyInstance, context: HttpContext): void {
  app.decorateRequest('startedAt', 0);
  app.decorateRequest('dialect', 'other');
  app.decorateRequest('model', '');
  app.decorateRequest('controller', undefined);
  app.decorateRequest('notes', undefined);
  app.decorateRequest('caller');
  const limits = new RateLimits(() => performance.now());
  app.addHook('onRequest', (request, reply, done) => {
    request.startedAt = performance.now();
    request.caller = NOBODY;
    context.http.begin();
    // Not the hook `onResponse`, which is not run for a caller that leaves early.
    reply.raw.on('close', () => finish(context, request, reply));
    reply.header('x-request-id', request.id);
    const url = request.raw.url ?? '';
    request.dialect = dialectOf(url);
    try {
      if (request.dialect !== 'other' && !url.startsWith('/v2/health/')) {
        request.caller = authorize(context, request, 'infer');
        limits.take(request.caller);
      }
      done();
    } catch (thrown) {
      done(asFloeError(thrown));
    }
  });
}

function finish(context: HttpContext, request: FastifyRequest, reply: FastifyReply): void {
  const seconds = (performance.now() - request.startedAt) / 1000;
  const left = !reply.raw.writableFinished;
  if (left) request.controller?.abort();
  const status = left ? CLIENT_LEFT : reply.statusCode;
  const sent = Number(reply.getHeader('content-length') ?? 0);
  const received = Buffer.isBuffer(request.body) ? request.body.length : 0;
  context.http.end(request.dialect, modelLabel(context, request, status), status, seconds, received, sent);
  if (request.notes !== undefined) remember(context, request, status, seconds);
  if (context.options.accessLog) logAccess(context, request, status, seconds);
}

function remember(context: HttpContext, request: FastifyRequest, status: number, seconds: number): void {
  const { id, model, caller, notes = {} } = request;
  context.recent.add({ requestId: id, model, caller: caller.name, status, seconds, notes });
}

/** An answer proves that the model is served; otherwise only names that are served become labels. */
function modelLabel(context: HttpContext, request: FastifyRequest, status: number): string {
  const { model } = request;
  if (model === '' || status === 200 || context.models.names().includes(model)) return model;
  return 'unknown';
}

function logAccess(context: HttpContext, request: FastifyRequest, status: number, seconds: number): void {
  const { id, method, dialect, model } = request;
  const ms = Math.round(seconds * 1e5) / 100;
  context.log.info({ requestId: id, method, url: request.raw.url, protocol: dialect, model, status, ms }, 'request');
}

function addHealth(app: FastifyInstance, context: HttpContext): void {
  app.get('/healthz/live', (_request, reply) => reply.send('ok\n'));
  app.get('/healthz/ready', (_request, reply) =>
    context.models.ready() ? reply.send('ok\n') : reply.code(503).send('models are still loading\n'),
  );
  let registry: Promise<Registry> | undefined;
  app.get('/metrics', async (_request, reply) => {
    registry ??= import('./exposition.ts').then(({ exposition }) => exposition(context.http, context.observed));
    const { contentType } = await registry;
    return reply.header('content-type', contentType).send(await (await registry).metrics());
  });
}

function addFallbacks(app: FastifyInstance, context: HttpContext): void {
  app.setErrorHandler((error, request, reply) => sendError(context, error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    if (request.dialect === 'tfs') return answerTfs(context, request, reply);
    const path = (request.raw.url ?? '').split('?')[0] ?? '';
    const error = V2_PATHS.test(path)
      ? new HttpError(405, 'UNIMPLEMENTED', 'Method Not Allowed')
      : new FloeError('NOT_FOUND', `there is nothing at ${request.method} ${path}`);
    return sendError(context, error, request, reply);
  });
}

/** A fastify instance as all our servers use it, and how it comes to listen. */
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import { asFloeError, FloeError } from '@floe/graph/base';
import {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  fastify,
} from 'fastify';
import { requestId } from '../request-id.ts';
import { followTls, readTls, renewTls } from '../tls.ts';
import { type BodyDone, readBody } from './body.ts';
import type { HttpOptions, HttpServer } from './deps.ts';
import { floeShape, wireError } from './errors.ts';

/** Longest path segment that is a parameter, such as a model's name. */
const MAX_PARAM = 1024;
const REQUEST_TIMEOUT_MS = 300_000;
/** Longer than the minute for which load balancers keep idle connections: it is they who shall close them. */
const KEEP_ALIVE_MS = 72_000;

/** Codecs validate bodies; without these two, fastify would load a schema compiler that nothing uses, for 50 ms of every start. */
const NO_SCHEMAS = {
  compilersFactory: { buildValidator: () => () => () => true, buildSerializer: () => () => JSON.stringify },
} as unknown as NonNullable<FastifyServerOptions['schemaController']>;

/** `front` is given what answers the app's own routes, and may answer before it. */
export function createApp(
  { bodyLimit, tls }: Pick<HttpOptions, 'bodyLimit' | 'tls'>,
  front: (app: RequestListener) => RequestListener = (app) => app,
): FastifyInstance {
  const settings: FastifyServerOptions = {
    logger: false,
    genReqId: requestId,
    bodyLimit,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: MAX_PARAM },
    schemaController: NO_SCHEMAS,
    frameworkErrors: refuse as never,
    serverFactory: (app) => {
      const timeouts = { requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: KEEP_ALIVE_MS };
      if (tls === undefined) return createServer(timeouts, front(app));
      return createSecureServer({ ...timeouts, ...readTls(tls) }, front(app));
    },
  };
  const app: FastifyInstance = fastify(settings);
  app.removeAllContentTypeParsers();
  const parser = (_request: FastifyRequest, payload: IncomingMessage, done: BodyDone) =>
    readBody(payload, { most: bodyLimit, hold: () => {} }, done);
  // Types named here are found without being parsed; `*` takes all others.
  app.addContentTypeParser(['application/json', 'application/octet-stream', '*'], parser);
  return app;
}

/** Answers what fastify refuses before any route is found, such as a URL that cannot be decoded. */
function refuse(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const wire = wireError(error, floeShape, request.id);
  reply.code(wire.status).header('content-type', 'application/json').send(wire.body);
}

export async function listen(
  app: FastifyInstance,
  options: Pick<HttpOptions, 'host' | 'port' | 'tls'>,
): Promise<HttpServer> {
  const { host, port, tls } = options;
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    throw new FloeError('UNAVAILABLE', `cannot listen on ${host}:${port}: ${asFloeError(cause).message}`, [], cause);
  }
  const secured = app.server as unknown as TlsServer;
  const reload = (): boolean => tls !== undefined && renewTls(secured, tls);
  const watch = tls === undefined ? undefined : followTls(secured, tls);
  const bound = (app.server.address() as AddressInfo).port;
  const shown = host.includes(':') ? `[${host}]` : host;
  return {
    address: `${tls === undefined ? 'http' : 'https'}://${shown}:${bound}`,
    port: bound,
    reload,
    close: async () => {
      watch?.close();
      await app.close();
    },
  };
}

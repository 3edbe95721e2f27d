/** What all routes of the HTTP transport share: a request's notes, who asks, when the caller leaves, and how answers go out. */
import { isAscii } from 'node:buffer';
import { FloeError } from '@floe/graph/base';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ModelRef } from '../../core/inference.ts';
import type { Caller, Notes } from '../../core/terms.ts';
import type { Scope } from '../identity/identity.ts';
import type { ErrorShape, HttpDeps } from './deps.ts';
import { floeShape, HttpError, tfsShape, v2Shape, wireError } from './errors.ts';
import type { HttpMetrics, Protocol } from './metrics.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** `performance.now()` at the head of the request. */
    startedAt: number;
    /** Which protocol's URL this is, hence whose shape its errors take. */
    dialect: Protocol;
    /** Model asked for; empty where none is. */
    model: string;
    /** Made when someone asks for the caller's signal. */
    controller: AbortController | undefined;
    /** Who asks. */
    caller: Caller;
    /** What became of it; absent where nothing was inferred. */
    notes: Notes | undefined;
  }
}

export interface HttpContext extends HttpDeps {
  readonly http: HttpMetrics;
}

export const JSON_TYPE = 'application/json; charset=utf-8';
const SMALL = 8192;
const SHAPES: Readonly<Record<Protocol, ErrorShape>> = {
  tfs: tfsShape,
  v2: v2Shape,
  image: floeShape,
  admin: floeShape,
  other: floeShape,
};
/** Bodies that can be no tensors. Anything else is read as JSON, as the servers we stand in for do whatever the type says. */
const FOREIGN_TYPE = /^(image|audio|video|font|multipart|model)\//i;

export function dialectOf(url: string): Protocol {
  if (url.startsWith('/v2')) return 'v2';
  return /^\/v1\//i.test(url) ? 'tfs' : 'other';
}

/** Who asks. Throws UNAUTHENTICATED or PERMISSION_DENIED. */
export function authorize(context: HttpDeps, request: FastifyRequest, scope: Scope): Caller {
  const { headers, socket } = request.raw;
  return context.identity.authorize(
    { authorization: headers.authorization, remoteAddress: socket.remoteAddress },
    scope,
  );
}

/** Aborts when the caller goes away before the answer is out. */
export function callerSignal(request: FastifyRequest): AbortSignal {
  request.controller ??= new AbortController();
  return request.controller.signal;
}

/** The body, empty where there is none. Throws 415 for a type that cannot hold tensors. */
export function tensorBody(request: FastifyRequest): Buffer {
  const type = request.headers['content-type'];
  if (type !== undefined && FOREIGN_TYPE.test(type)) {
    throw new HttpError(415, 'INVALID_ARGUMENT', `content-type ${type} is not supported here`);
  }
  return bodyOf(request);
}

export function bodyOf(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}

/**
 * Sends JSON. Node writes a string together with the head, but a Buffer after it, which costs a small answer a fifth of its CPU; the
 * bytes of ASCII are its characters.
 */
export function sendJson(reply: FastifyReply, body: Buffer): FastifyReply {
  reply.header('content-type', JSON_TYPE);
  return reply.send(body.length < SMALL && isAscii(body) ? body.toString('latin1') : body);
}

/** Sends an error in the shape of the request's protocol, and logs it where the fault is ours. */
export function sendError(
  context: HttpContext,
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  ref?: ModelRef,
): FastifyReply {
  const wire = wireError(thrown, SHAPES[request.dialect], request.id, ref);
  if (wire.status >= 500 && wire.status !== 503)
    context.log.error({ requestId: request.id, err: thrown }, 'request failed');
  if (wire.status === 413) reply.header('connection', 'close');
  const wait = retryAfter(thrown);
  if (wait !== undefined) reply.header('retry-after', wait);
  if (wire.status === 401) reply.header('www-authenticate', 'Bearer');
  return reply.code(wire.status).header('content-type', JSON_TYPE).send(wire.body);
}

/** Whole seconds after which a refused request may come again; undefined where nothing is known of that. */
function retryAfter(thrown: unknown): number | undefined {
  if (!(thrown instanceof FloeError) || thrown.code !== 'RESOURCE_EXHAUSTED') return undefined;
  const seconds = thrown.details.find(({ retryAfterSeconds }) => retryAfterSeconds !== undefined)?.retryAfterSeconds;
  return seconds === undefined ? undefined : Math.max(1, Math.ceil(seconds));
}

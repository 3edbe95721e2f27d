/** What all routes of the data plane share: who asks, bodies, and how errors go out. */
import { FloeError, invalid } from '@floe/graph/base';
import type { ModelRef } from '../../core/inference.ts';
import type { Caller } from '../../core/terms.ts';
import type { Codecs } from '../codecs/offload.ts';
import { credentialsIn, type Scope } from '../identity/identity.ts';
import { readBody } from './body.ts';
import type { ErrorShape, HttpDeps } from './deps.ts';
import { floeShape, HttpError, isOurFault, tfsShape, v2Shape, wireError } from './errors.ts';
import type { Exchange } from './exchange.ts';
import type { HttpMetrics, Protocol } from './metrics.ts';

export interface HttpContext extends HttpDeps {
  readonly codecs: Codecs;
  readonly http: HttpMetrics;
}

/** Without a charset, which JSON has none of: as TensorFlow Serving, Triton and KServe send it, whose clients may look for exactly that. */
export const JSON_TYPE = 'application/json';
const SHAPES: Readonly<Record<Protocol, ErrorShape>> = {
  tfs: tfsShape,
  v2: v2Shape,
  image: floeShape,
  feedback: floeShape,
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
export function authorize(context: HttpDeps, { request }: Exchange, scope: Scope): Caller {
  return context.identity.authorize(credentialsIn(request), scope);
}

/** A part of a path. Throws INVALID_ARGUMENT. */
export function decoded(part: string, what: string): string {
  if (!part.includes('%')) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    throw invalid(`Failed to decode model ${what}:${part}`);
  }
}

/** The body. Throws 413 over the limit, 400 or 415 for what cannot be unpacked. */
export function bodyOf(context: HttpContext, exchange: Exchange): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const hold = (bytes: number): void => context.held.take(exchange, bytes);
    readBody(exchange.request, { most: context.options.bodyLimit, hold }, (error, body) => {
      if (body === undefined) return reject(error);
      exchange.received = body.length;
      resolve(body);
    });
  });
}

/** The same, and throws 415 for a type that cannot hold tensors. */
export function readTensors(context: HttpContext, exchange: Exchange): Promise<Buffer> {
  const type = exchange.request.headers['content-type'];
  if (type !== undefined && FOREIGN_TYPE.test(type)) {
    throw new HttpError(415, 'INVALID_ARGUMENT', `content-type ${type} is not supported here`);
  }
  return bodyOf(context, exchange);
}

/** Sends an error in the shape of the request's protocol, and logs it where the fault is ours. */
export function sendError(context: HttpContext, thrown: unknown, exchange: Exchange, ref?: ModelRef): void {
  const wire = wireError(thrown, SHAPES[exchange.dialect], exchange.id, ref);
  if (isOurFault(thrown)) context.log.error({ requestId: exchange.id, err: thrown }, 'request failed');
  if (wire.status === 413) exchange.header('connection', 'close');
  const wait = retryAfter(thrown);
  if (wait !== undefined) exchange.header('retry-after', wait);
  if (wire.status === 401) exchange.header('www-authenticate', 'Bearer');
  exchange.send(wire.status, JSON_TYPE, wire.body);
}

/** Whole seconds after which a refused request may come again; undefined where nothing is known of that. */
function retryAfter(thrown: unknown): number | undefined {
  if (!(thrown instanceof FloeError) || thrown.code !== 'RESOURCE_EXHAUSTED') return undefined;
  const seconds = thrown.details.find(({ retryAfterSeconds }) => retryAfterSeconds !== undefined)?.retryAfterSeconds;
  return seconds === undefined ? undefined : Math.max(1, Math.ceil(seconds));
}

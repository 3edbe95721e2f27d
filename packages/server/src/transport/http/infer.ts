/** One inference over HTTP: the terms of a request from its headers, and what became of it as headers of the answer. */
import type { IncomingHttpHeaders } from 'node:http';
import { invalid } from '@floe/graph/base';
import type { LaterCodec, ModelRef } from '../../core/inference.ts';
import type { Notes, Terms } from '../../core/terms.ts';
import type { HttpContext } from './context.ts';
import type { Exchange } from './exchange.ts';

const NO_STORE = /(^|,)\s*no-(store|cache)\s*(,|$)/i;
const LONGEST_NAME = 256;
const LONGEST_TIMEOUT_MS = 24 * 3600 * 1000;

export function infer<Call, Answer>(
  context: HttpContext,
  exchange: Exchange,
  codec: LaterCodec<Call, Answer>,
  ref: ModelRef,
  call: Call,
): Promise<Answer> {
  const terms = termsOf(exchange);
  return context.infer(codec, ref, call, terms).then((answer) => {
    noteAnswer(exchange, terms.notes);
    return answer;
  });
}

/**
 * `X-Request-Timeout-Ms`: milliseconds after which the answer is worth nothing. `Cache-Control: no-store`: no stored answer is given and
 * none is stored. `X-Cache-Scope: version`: only answers of the version that serves now. `X-Sticky-Key`: whom the caller asks for; the same
 * version answers the same ones while a canary is tried. `X-Subject`: whom it concerns. Throws INVALID_ARGUMENT naming the header.
 */
function termsOf(exchange: Exchange): Terms {
  const { headers } = exchange.request;
  const notes: Notes = {};
  exchange.notes = notes;
  const sticky = nameIn(headers, 'x-sticky-key');
  const subject = nameIn(headers, 'x-subject');
  return {
    requestId: exchange.id,
    arrived: exchange.startedAt,
    caller: exchange.caller,
    priority: 1,
    deadline: exchange.startedAt + timeoutOf(headers['x-request-timeout-ms']),
    signal: exchange.signal,
    cache: headers['cache-control'] !== undefined && NO_STORE.test(headers['cache-control']) ? 'bypass' : 'use',
    scope: scopeOf(headers['x-cache-scope']),
    notes,
    ...(sticky === undefined ? {} : { sticky }),
    ...(subject === undefined ? {} : { subject }),
  };
}

/** Says whether the answer was computed for this request, why, and by which version. */
function noteAnswer(exchange: Exchange, { cache }: Notes): void {
  if (cache === undefined) return;
  exchange.header('x-cache', `${cache.state}; ${cache.reason}`);
  if (cache.version !== undefined) exchange.header('x-model-version', cache.version);
}

function nameIn(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value !== '' && value.length <= LONGEST_NAME) return value;
  throw invalid(`${name} has to be a name of at most ${LONGEST_NAME} characters`, { field: name });
}

function timeoutOf(header: string | string[] | undefined): number {
  if (header === undefined) return Number.POSITIVE_INFINITY;
  const ms = typeof header === 'string' && /^\d+(\.\d+)?$/.test(header) ? Number(header) : Number.NaN;
  if (ms <= LONGEST_TIMEOUT_MS) return ms;
  const reason = `a number of milliseconds up to ${LONGEST_TIMEOUT_MS} is expected`;
  throw invalid(`X-Request-Timeout-Ms is ${String(header)}: ${reason}`, { field: 'X-Request-Timeout-Ms', reason });
}

function scopeOf(header: string | string[] | undefined): Terms['scope'] {
  if (header === undefined || header === 'model') return 'model';
  if (header === 'version') return 'version';
  throw invalid(`X-Cache-Scope is ${String(header)}: model or version is expected`, { field: 'X-Cache-Scope' });
}

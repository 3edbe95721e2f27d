/** One inference over HTTP: the terms of a request from its headers, and what became of it as headers of the answer. */
import { invalid } from '@floe/graph/base';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Codec, ModelRef } from '../../core/inference.ts';
import type { Notes, Terms } from '../../core/terms.ts';
import { callerSignal, type HttpContext } from './context.ts';

const NO_STORE = /(^|,)\s*no-(store|cache)\s*(,|$)/i;
const LONGEST_TIMEOUT_MS = 24 * 3600 * 1000;

export function infer<Call, Answer>(
  context: HttpContext,
  request: FastifyRequest,
  reply: FastifyReply,
  codec: Codec<Call, Answer>,
  ref: ModelRef,
  call: Call,
): Promise<Answer> {
  const terms = termsOf(request);
  return context.infer(codec, ref, call, terms).then((answer) => {
    noteAnswer(reply, terms.notes);
    return answer;
  });
}

/**
 * `X-Request-Timeout-Ms`: milliseconds after which the answer is worth nothing. `Cache-Control: no-store`: no stored answer is given and
 * none is stored. `X-Cache-Scope: version`: only answers of the version that serves now. Throws INVALID_ARGUMENT naming the header.
 */
function termsOf(request: FastifyRequest): Terms {
  const { headers } = request.raw;
  const arrived = request.startedAt;
  request.notes = {};
  return {
    requestId: request.id,
    arrived,
    caller: request.caller,
    priority: 1,
    deadline: arrived + timeoutOf(headers['x-request-timeout-ms']),
    signal: callerSignal(request),
    cache: headers['cache-control'] !== undefined && NO_STORE.test(headers['cache-control']) ? 'bypass' : 'use',
    scope: scopeOf(headers['x-cache-scope']),
    notes: request.notes,
  };
}

/** Says whether the answer was computed for this request, why, and by which version. */
function noteAnswer(reply: FastifyReply, { cache }: Notes): void {
  if (cache === undefined) return;
  reply.header('x-cache', `${cache.state}; ${cache.reason}`);
  if (cache.version !== undefined) reply.header('x-model-version', cache.version);
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

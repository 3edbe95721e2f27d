/** The terms of a request from its headers, which are the same over HTTP and gRPC. */
import type { IncomingHttpHeaders } from 'node:http';
import { invalid } from '@floe/graph/base';
import type { Caller, Notes, Terms } from '../core/terms.ts';

const NO_STORE = /(^|,)\s*no-(store|cache)\s*(,|$)/i;
const LONGEST_NAME = 256;
const LONGEST_TIMEOUT_MS = 24 * 3600 * 1000;

export interface Asked {
  readonly id: string;
  /** `performance.now()` at the head of the request. */
  readonly startedAt: number;
  readonly caller: Caller;
  readonly headers: IncomingHttpHeaders;
  readonly signal: AbortSignal;
}

/**
 * `X-Request-Timeout-Ms`: milliseconds after which the answer is worth nothing. `Cache-Control: no-store`: no stored answer is given and
 * none is stored. `X-Cache-Scope: version`: only answers of the version that serves now. `X-Sticky-Key`: whom the caller asks for; the same
 * version answers the same ones while a canary is tried. `X-Subject`: whom it concerns. Throws INVALID_ARGUMENT naming the header.
 */
export function termsOf({ id, startedAt, caller, headers, signal }: Asked, notes: Notes): Terms {
  const sticky = nameIn(headers, 'x-sticky-key');
  const subject = nameIn(headers, 'x-subject');
  return {
    requestId: id,
    arrived: startedAt,
    caller,
    priority: 1,
    deadline: startedAt + timeoutOf(headers['x-request-timeout-ms']),
    signal,
    cache: headers['cache-control'] !== undefined && NO_STORE.test(headers['cache-control']) ? 'bypass' : 'use',
    scope: scopeOf(headers['x-cache-scope']),
    notes,
    ...(sticky === undefined ? {} : { sticky }),
    ...(subject === undefined ? {} : { subject }),
  };
}

/** Says whether the answer was computed for this request, why, and by which version. */
export function noteAnswer({ cache }: Notes, header: (name: string, value: string) => void): void {
  if (cache === undefined) return;
  header('x-cache', `${cache.state}; ${cache.reason}`);
  if (cache.version !== undefined) header('x-model-version', String(cache.version));
}

function nameIn(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value !== '' && value.length <= LONGEST_NAME) return value;
  throw invalid(`${name} has to be a name of at most ${LONGEST_NAME} characters`, { field: name });
}

function timeoutOf(header: string | string[] | undefined): number {
  if (header === undefined) return Number.POSITIVE_INFINITY;
  const ms = typeof header === 'string' && /^\d+(\.\d+)?(e[+-]?\d+)?$/i.test(header) ? Number(header) : Number.NaN;
  if (ms <= LONGEST_TIMEOUT_MS) return ms;
  const reason = `a number of milliseconds up to ${LONGEST_TIMEOUT_MS} is expected`;
  throw invalid(`X-Request-Timeout-Ms is ${String(header)}: ${reason}`, { field: 'X-Request-Timeout-Ms', reason });
}

function scopeOf(header: string | string[] | undefined): Terms['scope'] {
  if (header === undefined || header === 'model') return 'model';
  if (header === 'version') return 'version';
  throw invalid(`X-Cache-Scope is ${String(header)}: model or version is expected`, { field: 'X-Cache-Scope' });
}

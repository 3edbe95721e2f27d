/**
 * One request, and again where that is safe: what was refused for its load, or found nobody, is asked again after a while, until its time is over.
 * Waits grow, are random, and are at least what the server asks for.
 */
import { errorOf, FloeClientError } from './errors.ts';

/** What `fetch` sends. */
export type Body = NonNullable<RequestInit['body']>;

export interface CallOptions {
  /** Ends the call; what it was for is no longer wanted. */
  readonly signal?: AbortSignal;
  /** Milliseconds for all attempts together; the server is told what is left, and does not begin what cannot be in time. */
  readonly timeoutMs?: number;
  /** Times that it is asked again. */
  readonly retries?: number;
}

/** How long and how often, and by which clock. */
export interface Patience {
  readonly timeoutMs: number;
  readonly retries: number;
  /** 0..1. */
  readonly random: () => number;
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly now: () => number;
}

export interface CallContext extends Patience {
  readonly fetch: typeof fetch;
  readonly headers: Readonly<Record<string, string>>;
}

/** By the clock and by chance. */
export function patience({ timeoutMs = 30_000, retries = 3 }: CallOptions): Patience {
  return { timeoutMs, retries, random: Math.random, wait: pause, now: () => performance.now() };
}

export interface Call {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body;
  /** Whether asking twice does what asking once does: then also what broke off is asked again. */
  readonly isRepeatable: boolean;
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5000;

/** The whole of it has come. */
export interface Answer {
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

/** An answer that is a success. Throws FloeClientError. */
export function send(call: Call, options: CallOptions, context: CallContext): Promise<Answer> {
  const attempt = (signal: AbortSignal, leftMs: number) => attemptOnce(call, context, signal, leftMs);
  return persist(attempt, (failure) => isPassing(failure, call), options, context);
}

/** Asks, and again as long as what went wrong may pass and there is time. Throws FloeClientError. */
export async function persist<T>(
  attempt: (signal: AbortSignal, leftMs: number) => Promise<T | FloeClientError>,
  isPassing: (failure: FloeClientError) => boolean,
  { timeoutMs, retries, signal: given }: CallOptions,
  context: Patience,
): Promise<T> {
  const most = timeoutMs ?? context.timeoutMs;
  // A controller and a timer of our own: AbortSignal.timeout is a tenth of a small call in Node.js.
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(new DOMException('too late', 'TimeoutError')), most);
  const signal = given === undefined ? deadline.signal : AbortSignal.any([given, deadline.signal]);
  const until = context.now() + most;
  try {
    for (let tries = 0; ; tries++) {
      const found = await attempt(signal, Math.max(1, Math.ceil(until - context.now())));
      if (!(found instanceof FloeClientError)) return found;
      const wait = waitBefore(tries, found, context.random());
      const isWorthIt = tries < (retries ?? context.retries) && isPassing(found) && context.now() + wait < until;
      if (!isWorthIt) throw found;
      await context.wait(wait, signal).catch(() => {});
      if (signal.aborted) throw stopped(signal, found);
    }
  } finally {
    clearTimeout(timer);
  }
}

async function attemptOnce(
  call: Call,
  context: CallContext,
  signal: AbortSignal,
  leftMs: number,
): Promise<Answer | FloeClientError> {
  const headers = { ...context.headers, ...call.headers, 'x-request-timeout-ms': String(leftMs) };
  const request = { method: call.method, headers, signal, ...(call.body === undefined ? {} : { body: call.body }) };
  try {
    const response = await context.fetch(call.url, request);
    if (!response.ok) return await errorOf(response);
    return { headers: response.headers, bytes: new Uint8Array(await response.arrayBuffer()) };
  } catch (cause) {
    if (signal.aborted) return stopped(signal, cause);
    const reason = (cause as { cause?: Error }).cause?.message ?? (cause as Error).message;
    return new FloeClientError('UNAVAILABLE', `no answer from ${new URL(call.url).origin}: ${reason}`, { cause });
  }
}

/** Why a call ended early: its time was over, or nobody wants it any more. */
export function stopped(signal: AbortSignal, cause: unknown): FloeClientError {
  if (cause instanceof FloeClientError && cause.status === undefined && cause.code !== 'UNAVAILABLE') return cause;
  const isLate = (signal.reason as Error | undefined)?.name === 'TimeoutError';
  return isLate
    ? new FloeClientError('DEADLINE_EXCEEDED', 'there was no answer in time', { cause })
    : new FloeClientError('CANCELLED', 'the call was cancelled', { cause });
}

/** What was refused was not begun; what broke off may have been. */
function isPassing({ status, code }: FloeClientError, { isRepeatable }: Call): boolean {
  return status === 429 || status === 503 || (isRepeatable && (code === 'UNAVAILABLE' || status === 502));
}

function waitBefore(attempt: number, { retryAfter = 0 }: FloeClientError, random: number): number {
  const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
  return Math.max(1000 * retryAfter, most * (0.5 + random / 2));
}

/** Resolves after so long; rejects where `signal` aborts. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

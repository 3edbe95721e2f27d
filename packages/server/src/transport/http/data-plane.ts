/**
 * The life of a request over HTTP: it is counted, its caller identified, and it is answered by the protocol that its URL belongs to; when
 * its connection is done with it, what became of it is written down. Pages (health, metrics, the description) are answered by others, and
 * counted here all the same.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Scope } from '../identity/identity.ts';
import { authorize, dialectOf, type HttpContext, sendError } from './context.ts';
import { Cors } from './cors.ts';
import { Exchange } from './exchange.ts';
import { answerFeedback, FEEDBACK } from './feedback-route.ts';
import { answerKserve } from './kserve-routes.ts';
import { answerTfs } from './tfs-routes.ts';
import { MANAGED } from './v2-extensions.ts';
import { V2Routes } from './v2-routes.ts';

/** What nginx calls a caller that went away before the answer was out. */
const CLIENT_LEFT = 499;
/** What machines ask all the time. */
const PROBE = /^\/(v2\/health|healthz|metrics)\b/;

export class DataPlane {
  private readonly context: HttpContext;
  private readonly v2: V2Routes;
  /** Absent where no page of another origin may ask. */
  private readonly cors: Cors | undefined;
  private readonly drain = { draining: false };
  private closeIdle = (): void => {};

  constructor(context: HttpContext) {
    this.context = context;
    this.v2 = new V2Routes(context);
    const { corsOrigins = [] } = context.options;
    this.cors = corsOrigins.length === 0 ? undefined : new Cors(corsOrigins);
  }

  /** From now on each answer is the last of its connection. */
  startDraining(): void {
    this.drain.draining = true;
  }

  /** No connection comes any more: `closeIdle` closes those that nothing is under way on. */
  close(closeIdle: () => void): void {
    this.startDraining();
    this.closeIdle = closeIdle;
  }

  /** Puts itself in front of what answers pages. */
  before(pages: RequestListener): RequestListener {
    return (request, response) => {
      const exchange = this.begin(request, response);
      if (this.cors !== undefined && this.allow(exchange, this.cors)) return;
      if (exchange.dialect === 'other') {
        response.setHeader('x-request-id', exchange.id);
        // Errors on pages name the same request.
        request.headers['x-request-id'] = exchange.id;
        pages(request, response);
      } else this.answer(exchange);
    };
  }

  /** Says which pages may read the answer. True where that was all that was asked. */
  private allow(exchange: Exchange, cors: Cors): boolean {
    const { request, response } = exchange;
    for (const [name, value] of cors.headersFor(request)) {
      if (exchange.dialect === 'other') response.setHeader(name, value);
      else exchange.header(name, value);
    }
    const preflight = cors.preflight(request);
    if (preflight === undefined) return false;
    for (const [name, value] of preflight) exchange.header(name, value);
    exchange.send(200, '', '');
    return true;
  }

  private begin(request: IncomingMessage, response: ServerResponse): Exchange {
    const exchange = new Exchange(request, response, dialectOf(request.url ?? ''), this.drain);
    this.context.http.begin();
    // Not `finish`, which does not come for a caller that leaves early.
    response.on('close', () => this.end(exchange));
    return exchange;
  }

  private answer(exchange: Exchange): void {
    const { context } = this;
    try {
      const [, labelled] = FEEDBACK.exec(exchange.path) ?? [];
      if (!exchange.path.startsWith('/v2/health/')) {
        exchange.caller = authorize(context, exchange, scopeOf(exchange, labelled !== undefined));
        context.limits.take(exchange.caller);
      }
      if (labelled !== undefined) void answerFeedback(context, exchange, labelled);
      else if (context.options.kserve && answerKserve(context, exchange)) return;
      else if (exchange.dialect === 'v2') this.v2.answer(exchange);
      else answerTfs(context, exchange);
    } catch (thrown) {
      sendError(context, thrown, exchange);
    }
  }

  private end(exchange: Exchange): void {
    const { context } = this;
    const { response, dialect, received } = exchange;
    const seconds = (performance.now() - exchange.startedAt) / 1000;
    const left = !response.writableFinished;
    if (left) exchange.leave();
    context.held.release(exchange);
    const status = left ? CLIENT_LEFT : response.statusCode;
    const sent = dialect === 'other' ? Number(response.getHeader('content-length') ?? 0) : exchange.sent;
    context.http.end(dialect, this.modelLabel(exchange.model, status), status, seconds, received, sent);
    if (exchange.notes !== undefined) this.remember(exchange, status, seconds);
    if (context.options.accessLog) this.logAccess(exchange, status, seconds);
    // An answer that was on its way when the end came has not told its caller so.
    if (this.drain.draining) setImmediate(this.closeIdle);
  }

  private remember({ id, model, caller, notes = {} }: Exchange, status: number, seconds: number): void {
    this.context.recent.add({ requestId: id, model, caller: caller.name, status, seconds, notes });
  }

  /** An answer proves that the model is served; otherwise only names that are served become labels. */
  private modelLabel(model: string, status: number): string {
    if (model === '' || status === 200 || this.context.models.names().includes(model)) return model;
    return 'unknown';
  }

  private logAccess({ id, method, request, dialect, model }: Exchange, status: number, seconds: number): void {
    const ms = Math.round(seconds * 1e5) / 100;
    const line = { requestId: id, method, url: request.url, protocol: dialect, model, status, ms };
    // From several sides, every second: it would be all there is to read.
    if (PROBE.test(request.url ?? '') && status < 500) this.context.log.debug(line, 'request');
    else this.context.log.info(line, 'request');
  }
}

function scopeOf({ method, path }: Exchange, isLabel: boolean): Scope {
  if (isLabel) return 'feedback';
  return method === 'POST' && MANAGED.test(path) ? 'manage' : 'infer';
}

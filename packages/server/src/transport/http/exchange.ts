/**
 * A request to the data plane and its answer, straight on Node's HTTP: what is known of it from head to end, and how it is answered. It
 * takes the place of a framework's request and reply, whose share was a third of a tiny model's answer.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller, Notes } from '../../core/terms.ts';
import { requestId } from '../request-id.ts';
import type { Protocol } from './metrics.ts';
import { post } from './outbox.ts';

/** Until it is known who asks. */
const NOBODY: Caller = { name: '', weight: 1 };
/** Larger answers are written at once: what they cost is their bytes. */
const SMALL = 8192;

/** What holds for all exchanges of a server. */
export interface Drain {
  /** Each answer is the last of its connection. */
  readonly draining: boolean;
}

export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** `performance.now()` at the head of the request. */
  readonly startedAt = performance.now();
  readonly id: string;
  /** Without the query. */
  readonly path: string;
  /** Whose shape its errors take. */
  dialect: Protocol;
  /** Model asked for; empty where none is. */
  model = '';
  caller = NOBODY;
  /** What became of it; absent where nothing was inferred. */
  notes: Notes | undefined;
  /** Bytes of the bodies. */
  received = 0;
  sent = 0;
  /** Of large ones, until it is over. */
  heldBytes = 0;
  private readonly drain: Drain;
  private controller: AbortController | undefined;
  /** Names and values in turn. */
  private readonly headers: string[];

  constructor(request: IncomingMessage, response: ServerResponse, dialect: Protocol, drain: Drain) {
    this.request = request;
    this.response = response;
    this.dialect = dialect;
    this.drain = drain;
    this.path = pathOf(request.url ?? '');
    this.id = requestId(request);
    this.headers = ['x-request-id', this.id];
  }

  get method(): string {
    return this.request.method ?? '';
  }

  /** Aborts when the caller goes away before the answer is out. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    return this.controller.signal;
  }

  /** The caller has gone. */
  leave(): void {
    this.controller?.abort();
  }

  header(name: string, value: string | number): this {
    this.headers.push(name, String(value));
    return this;
  }

  /**
   * Answers. Node writes a string together with the head, but a Buffer after it, which costs a small answer a fifth of its CPU: its
   * bytes go as characters.
   */
  send(status: number, type: string, body: string | Buffer): void {
    const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    this.sent = bytes;
    if (type !== '') this.headers.push('content-type', type);
    this.headers.push('content-length', String(bytes));
    if (this.drain.draining) this.headers.push('connection', 'close');
    const text = bytes < SMALL ? asCharacters(body, bytes) : undefined;
    if (text !== undefined) post(this.response, status, this.headers, text);
    else this.response.writeHead(status, this.headers).end(body);
  }
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

/** One character for each byte; undefined for a string that has others than ASCII's. */
function asCharacters(body: string | Buffer, bytes: number): string | undefined {
  if (typeof body !== 'string') return body.toString('latin1');
  return body.length === bytes ? body : undefined;
}

/**
 * The same over gRPC, from Node.js: Floe, or any server with Triton's GRPCInferenceService that answers raw.
 *
 *   import { FloeGrpc } from '@floe/client/grpc';
 *   const floe = new FloeGrpc('http://127.0.0.1:8500');
 *   const { outputs } = await floe.infer('digits', { x: tensor(pixels, [1, 28, 28, 1]) });
 *   floe.close();
 */
import {
  type ClientHttp2Session,
  connect,
  type IncomingHttpHeaders,
  type SecureClientSessionOptions,
} from 'node:http2';
import { about, askHeaders, type InferOptions, type Inferred } from './ask.ts';
import { type CallOptions, type Patience, patience, persist, stopped } from './call.ts';
import { type Code, FloeClientError } from './errors.ts';
import { decodeAnswer, encodeQuestion, text } from './infer-message.ts';
import { joined, type Tensors } from './v2.ts';

export interface FloeGrpcOptions extends Omit<CallOptions, 'signal'> {
  /** API key. */
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of a server with `https:`: authorities, and a certificate of one's own. */
  readonly tls?: Pick<SecureClientSessionOptions, 'ca' | 'cert' | 'key' | 'servername'>;
}

const SERVICE = '/inference.GRPCInferenceService/';
/** By gRPC's numbers; those that this client has no word for are INTERNAL. */
const CODES: Readonly<Record<number, Code>> = {
  1: 'CANCELLED',
  3: 'INVALID_ARGUMENT',
  4: 'DEADLINE_EXCEEDED',
  5: 'NOT_FOUND',
  6: 'ALREADY_EXISTS',
  7: 'PERMISSION_DENIED',
  8: 'RESOURCE_EXHAUSTED',
  9: 'FAILED_PRECONDITION',
  12: 'UNIMPLEMENTED',
  14: 'UNAVAILABLE',
  16: 'UNAUTHENTICATED',
};
/** What an answer may send before it is read: large ones do not wait for windows. */
const WINDOW = 1 << 24;
const HEAD = 5;
/** gRPC's field has eight digits. */
const LONGEST_MS = 99_999_999;

interface Connection {
  readonly session: ClientHttp2Session;
  /** Under way. */
  calls: number;
}

interface Answered {
  readonly metadata: IncomingHttpHeaders;
  readonly message: Uint8Array;
}

export class FloeGrpc {
  private readonly url: string;
  private readonly options: FloeGrpcOptions;
  private readonly patience: Patience;
  private connection: Connection | undefined;

  /** `url`: such as `http://127.0.0.1:8500`. */
  constructor(url: string, options: FloeGrpcOptions = {}) {
    this.url = url.replace(/\/+$/, '');
    this.options = options;
    this.patience = patience(options);
  }

  /** Tensors in, tensors out, as raw bytes. Throws FloeClientError. */
  async infer(model: string, inputs: Tensors, options: InferOptions = {}): Promise<Inferred> {
    const { version = '', outputs, priority, parameters } = options;
    const question = encodeQuestion({
      ...{ model, version: String(version), inputs },
      ...(outputs === undefined ? {} : { outputs }),
      parameters: { ...parameters, ...(priority === undefined ? {} : { priority }) },
    });
    const { metadata, message } = await this.call('ModelInfer', question, options, askHeaders(options));
    const answer = decodeAnswer(message);
    return { outputs: answer.outputs, ...about((name) => metadata[name] as string | undefined, answer.version) };
  }

  /** Whether the server, or a model, is ready. */
  async ready(model?: string, options: CallOptions = {}): Promise<boolean> {
    const message = joined(model === undefined ? [] : text(1, model));
    const method = model === undefined ? 'ServerReady' : 'ModelReady';
    return this.call(method, message, { retries: 0, ...options }, {}).then(
      ({ message: [field, value] }) => field === 1 << 3 && value === 1,
      () => false,
    );
  }

  /** Ends the connection once what is under way is answered. */
  close(): void {
    this.connection?.session.close();
    this.connection = undefined;
  }

  private call(
    method: string,
    message: Uint8Array,
    options: CallOptions,
    metadata: Readonly<Record<string, string>>,
  ): Promise<Answered> {
    const attempt = (signal: AbortSignal, leftMs: number) =>
      this.attempt(method, message, { ...metadata, 'grpc-timeout': `${Math.min(leftMs, LONGEST_MS)}m` }, signal);
    return persist(attempt, isPassing, options, this.patience);
  }

  private attempt(
    method: string,
    message: Uint8Array,
    metadata: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Answered | FloeClientError> {
    if (signal.aborted) return Promise.resolve(stopped(signal, signal.reason));
    const connection = this.connected();
    const { key, headers } = this.options;
    const stream = connection.session.request(
      {
        ':method': 'POST',
        ':path': SERVICE + method,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...headers,
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...metadata,
      },
      { signal },
    );
    hold(connection, 1);
    const chunks: Uint8Array[] = [];
    let heads: IncomingHttpHeaders = {};
    let cause: Error | undefined;
    stream.on('response', (first) => (heads = first));
    stream.on('trailers', (last) => (heads = { ...heads, ...last }));
    stream.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    stream.on('error', (error) => (cause = error));
    stream.end(framed(message));
    return new Promise((resolve) => {
      stream.on('close', () => {
        hold(connection, -1);
        resolve(signal.aborted ? stopped(signal, signal.reason) : this.outcome(heads, joined(chunks), cause));
      });
    });
  }

  private outcome(heads: IncomingHttpHeaders, bytes: Uint8Array, cause: Error | undefined): Answered | FloeClientError {
    const status = heads['grpc-status'];
    if (status === undefined)
      return new FloeClientError('UNAVAILABLE', `no answer from ${this.url}: ${cause?.message ?? 'it broke off'}`, {
        cause,
      });
    if (status !== '0') return refusal(Number(status), heads);
    const [isCompressed] = bytes;
    if (isCompressed !== 0 || bytes.length - HEAD !== new DataView(bytes.buffer).getUint32(1))
      return new FloeClientError('INTERNAL', 'the answer is not one whole message');
    return { metadata: heads, message: bytes.subarray(HEAD) };
  }

  /** One that is there still, or a new one. */
  private connected(): Connection {
    const { session: old } = this.connection ?? {};
    if (this.connection !== undefined && old?.closed === false && !old.destroyed) return this.connection;
    const session = connect(this.url, { ...this.options.tls, settings: { initialWindowSize: WINDOW } });
    session.on('connect', () => session.setLocalWindowSize(WINDOW));
    // Its calls fail by themselves; the next one gets another.
    session.on('error', () => {});
    session.on('goaway', () => session.close());
    session.unref();
    this.connection = { session, calls: 0 };
    return this.connection;
  }
}

/** Calls keep the process alive, and an idle connection does not. */
function hold(connection: Connection, change: 1 | -1): void {
  connection.calls += change;
  if (connection.calls > 0) connection.session.ref();
  else connection.session.unref();
}

function framed(message: Uint8Array): Uint8Array {
  const head = new Uint8Array(HEAD);
  new DataView(head.buffer).setUint32(1, message.length);
  return joined([head, message]);
}

function refusal(status: number, heads: IncomingHttpHeaders): FloeClientError {
  const words = String(heads['grpc-message'] ?? `the server said ${status}`);
  const wait = Number(heads['grpc-retry-pushback-ms'] ?? Number.NaN);
  const requestId = heads['x-request-id'] as string | undefined;
  return new FloeClientError(CODES[status] ?? 'INTERNAL', decoded(words), {
    ...(requestId === undefined ? {} : { requestId }),
    ...(Number.isFinite(wait) ? { retryAfter: wait / 1000 } : {}),
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A message that is too large is refused without a word on when to come again. */
function isPassing({ code, retryAfter }: FloeClientError): boolean {
  return code === 'UNAVAILABLE' || (code === 'RESOURCE_EXHAUSTED' && retryAfter !== undefined);
}

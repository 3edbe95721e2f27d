/** A real gRPC server over the models of the HTTP tests, and a client that can be as wrong as it likes. */
import { type ClientHttp2Session, connect, constants, type OutgoingHttpHeaders } from 'node:http2';
import type { Tensor } from '@floe/graph';
import { pino } from 'pino';
import type { AnyMessage } from '../../../src/codec/proto/schema.ts';
import type { InputValue } from '../../../src/core/inference.ts';
import type { Terms } from '../../../src/core/terms.ts';
import { RateLimits } from '../../../src/queue/rate-limit.ts';
import type { GrpcDeps, GrpcOptions, GrpcServer } from '../../../src/transport/grpc/deps.ts';
import { createGrpcServer } from '../../../src/transport/grpc/server.ts';
import { HeldBytes } from '../../../src/transport/held-bytes.ts';
import { openIdentity } from '../../../src/transport/identity/identity.ts';
import { RecentRequests } from '../../../src/transport/recent-requests.ts';
import { RequestMetrics } from '../../../src/transport/request-metrics.ts';
import { Adders } from '../fixture.ts';

export const INFERENCE = 'inference.GRPCInferenceService';
export const PREDICTION = 'tensorflow.serving.PredictionService';

export interface Fixture extends AsyncDisposable {
  readonly server: GrpcServer;
  readonly models: Adders;
  readonly metrics: RequestMetrics;
  readonly recent: RecentRequests;
  readonly terms: Terms[];
  readonly client: ClientHttp2Session;
  /** Tells watchers that something has changed. */
  change(): void;
  readonly unloaded: string[];
}

export async function startGrpc(
  options: Partial<GrpcOptions> = {},
  overrides: Partial<GrpcDeps> = {},
): Promise<Fixture> {
  const models = new Adders();
  const terms: Terms[] = [];
  const listeners = new Set<() => void>();
  const unloaded: string[] = [];
  const metrics = new RequestMetrics();
  const recent = new RecentRequests();
  const infer: GrpcDeps['infer'] = (codec, ref, request, given) => {
    terms.push(given);
    return models.use(ref, async (found) => {
      const call = await codec.decode(request, found);
      given.notes.cache = { state: 'miss', reason: 'new', version: found.version };
      const outputs = await found.run({ inputs: call.inputs as ReadonlyMap<string, InputValue & Tensor> }, given);
      return codec.encode({ servable: found, version: found.version, call, outputs }, request);
    });
  };
  const server = await createGrpcServer({
    infer,
    models,
    repository: {
      load: async (model) => void models.status({ name: model }),
      unload: async (model) => models.names().includes(model) && unloaded.push(model) > 0,
      unloaded: () => unloaded,
      reload: async () => {},
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    identity: openIdentity,
    limits: new RateLimits(() => performance.now()),
    held: new HeldBytes(1 << 21),
    recent,
    load: () => ({ waiting: 3, running: 1, queuedSeconds: 0.25 }),
    metrics,
    log: pino({ level: 'silent' }),
    options: { host: '127.0.0.1', port: 0, messageLimit: 1 << 20, accessLog: false, version: '0.0.0', ...options },
    ...overrides,
  });
  const scheme = options.tls === undefined ? 'http' : 'https';
  const client = connect(`${scheme}://127.0.0.1:${server.port}`, { rejectUnauthorized: false });
  client.on('error', () => {});
  const change = (): void => {
    for (const listener of listeners) listener();
  };
  const dispose = async (): Promise<void> => {
    client.destroy();
    await server.close();
  };
  return { server, models, metrics, recent, terms, client, change, unloaded, [Symbol.asyncDispose]: dispose };
}

/** A message with gRPC's five bytes before it. */
export function frame(message: Uint8Array, flag = 0): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

export interface Reply {
  /** Of HTTP. */
  readonly http: number;
  /** Number of the gRPC status; -1 where there is none. */
  readonly status: number;
  readonly message: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly trailers: Readonly<Record<string, unknown>>;
  readonly bytes: Buffer;
}

/** Sends bytes as they are and gives all that comes back. */
export function send(
  client: ClientHttp2Session,
  path: string,
  body: Uint8Array,
  headers: OutgoingHttpHeaders = {},
): Promise<Reply> {
  const stream = client.request({
    ':method': 'POST',
    ':path': `/${path}`,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let head: Record<string, unknown> = {};
    let trailers: Record<string, unknown> = {};
    stream.on('response', (received) => {
      head = { ...received };
    });
    stream.on('trailers', (received) => {
      trailers = { ...received };
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', (error) => {
      if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) reject(error);
    });
    stream.on('close', () => {
      const told = { ...head, ...trailers } as Record<string, string | undefined>;
      resolve({
        http: Number(head[':status']),
        status: Number(told['grpc-status'] ?? -1),
        message: decodeURIComponent(told['grpc-message'] ?? ''),
        headers: head,
        trailers,
        bytes: Buffer.concat(chunks),
      });
    });
    stream.end(body);
  });
}

/** The messages in the bytes of an answer. */
export function messagesIn(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    messages.push(bytes.subarray(at + 5, end));
    at = end;
  }
  return messages;
}

/** Calls a unary method. */
export async function call(
  client: ClientHttp2Session,
  path: string,
  message: Uint8Array,
  headers: OutgoingHttpHeaders = {},
): Promise<Reply & { readonly reply: Buffer }> {
  const reply = await send(client, path, frame(message), headers);
  return { ...reply, reply: messagesIn(reply.bytes)[0] ?? Buffer.alloc(0) };
}

/** A message of the type with nothing in it but what is given. */
export function encoded<M extends AnyMessage>(message: M, value: Record<string, unknown> = {}): Uint8Array {
  return message.encode({ ...message.decode(new Uint8Array(0), 'x'), ...value });
}

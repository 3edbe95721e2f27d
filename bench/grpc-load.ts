/**
 * A closed loop of gRPC calls over loopback: each of `concurrency` callers, spread over a few connections, sends the same message again as
 * soon as its answer is whole. It is a process of its own, so that what it costs is in nobody's figure.
 *
 * The parent sends one `GrpcLoadSpec` and gets one `LoadResult`, or `{ error }` at the first answer that is not OK.
 */
import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import process from 'node:process';
import { quantile } from './lib/stats.ts';
import type { LoadResult } from './load.ts';

export interface GrpcLoadSpec {
  readonly port: number;
  /** Such as `/inference.GRPCInferenceService/ModelInfer`. */
  readonly path: string;
  readonly message: Uint8Array;
  readonly concurrency: number;
  readonly count: number;
}

const CONNECTIONS = 4;
const WINDOW = 1 << 20;

async function run(spec: GrpcLoadSpec): Promise<LoadResult> {
  const body = framed(spec.message);
  const sessions = Array.from({ length: Math.min(CONNECTIONS, spec.concurrency) }, () =>
    connect(`http://127.0.0.1:${spec.port}`, { settings: { initialWindowSize: WINDOW } }),
  );
  await Promise.all(sessions.map((session) => once(session, 'connect')));
  const latencies: number[] = [];
  const started = performance.now();
  let sent = 0;
  const caller = async (session: ClientHttp2Session): Promise<void> => {
    while (sent < spec.count) {
      sent += 1;
      const at = performance.now();
      await call(session, spec.path, body);
      latencies.push(performance.now() - at);
    }
  };
  await Promise.all(
    Array.from({ length: spec.concurrency }, (_, i) => caller(sessions[i % sessions.length] as ClientHttp2Session)),
  );
  const seconds = (performance.now() - started) / 1000;
  for (const session of sessions) session.close();
  return { answers: latencies.length, seconds, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
}

function call(session: ClientHttp2Session, path: string, body: Buffer): Promise<void> {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    authorization: 'Bearer bench-key',
  });
  return new Promise((resolve, reject) => {
    const judge = (headers: object): void => {
      const { 'grpc-status': status, 'grpc-message': message } = headers as Record<string, string | undefined>;
      if (status === '0') resolve();
      else if (status !== undefined) reject(new Error(`grpc-status ${status}: ${message}`));
    };
    stream.on('response', judge).on('trailers', judge).on('error', reject);
    stream.resume();
    stream.end(body);
  });
}

function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

process.once('message', (spec: GrpcLoadSpec) => {
  run(spec).then(
    (result) => process.send?.(result),
    (error: Error) => process.send?.({ error: error.message }),
  );
});

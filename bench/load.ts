/**
 * A closed loop of HTTP/1.1 requests over kept-alive loopback connections: each connection sends the same bytes again as soon as its
 * answer is whole. It is a process of its own, so that what it costs is in nobody's figure, and works on raw sockets, so that it can
 * outrun the servers it measures on the same few cores.
 *
 * The parent sends one `LoadSpec` and gets one `LoadResult`, or `{ error }` at the first answer that is not a 200.
 */
import { connect, type Socket } from 'node:net';
import process from 'node:process';
import { quantile } from './lib/stats.ts';

export interface LoadSpec {
  readonly port: number;
  /** A whole request, head and body. */
  readonly request: Uint8Array;
  readonly concurrency: number;
  /** How many requests to send. */
  readonly count: number;
  /** No request is sent after so many seconds. */
  readonly seconds: number;
  /** Makes every request another: its last four bytes are a number that counts from here, a float between 0.5 and 1. */
  readonly numberedFrom?: number;
}

export interface LoadResult {
  readonly answers: number;
  readonly seconds: number;
  /** Milliseconds from a request's first byte to its answer's last. */
  readonly p50: number;
  readonly p99: number;
}

const HEAD_END = '\r\n\r\n';
const SHOWN = 300;

/** Tells where one answer ends. Only what our servers send is understood: a head with a content-length. */
class AnswerReader {
  private pending: Buffer = Buffer.alloc(0);
  private missing = -1;

  /** True when the answer is whole. Throws where it is no 200. */
  add(chunk: Buffer): boolean {
    if (this.missing >= 0) this.missing -= chunk.length;
    else this.readHead(chunk);
    if (this.missing !== 0) return false;
    this.missing = -1;
    return true;
  }

  private readHead(chunk: Buffer): void {
    const bytes = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    const end = bytes.indexOf(HEAD_END);
    this.pending = end < 0 ? bytes : Buffer.alloc(0);
    if (end < 0) return;
    const head = bytes.toString('latin1', 0, end);
    if (!head.startsWith('HTTP/1.1 200')) throw new Error(`not a 200: ${bytes.toString('latin1', 0, SHOWN)}`);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined) throw new Error(`no content-length: ${head}`);
    this.missing = end + HEAD_END.length + Number(length) - bytes.length;
  }
}

async function run(spec: LoadSpec): Promise<LoadResult> {
  const latencies: number[] = [];
  const started = performance.now();
  const deadline = started + 1000 * spec.seconds;
  let sent = 0;
  const mayGoOn = (): boolean => sent < spec.count && performance.now() < deadline;
  const connections = Array.from({ length: spec.concurrency }, () =>
    oneConnection(spec, mayGoOn, () => sent++, latencies),
  );
  await Promise.all(connections);
  const seconds = (performance.now() - started) / 1000;
  return { answers: latencies.length, seconds, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
}

/** Bits of 0.5; 8 million floats follow before 1. */
const HALF = 0x3f000000;

function oneConnection(
  { port, request, numberedFrom }: LoadSpec,
  mayGoOn: () => boolean,
  onSend: () => number,
  latencies: number[],
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const reader = new AnswerReader();
    const bytes = Buffer.from(request);
    let sentAt = 0;
    const next = (): void => {
      if (!mayGoOn()) {
        socket.end(resolve);
        return;
      }
      const number = onSend();
      if (numberedFrom !== undefined) bytes.writeUInt32LE(HALF + numberedFrom + number, bytes.length - 4);
      sentAt = performance.now();
      socket.write(bytes);
    };
    const onData = (chunk: Buffer): void => {
      if (!reader.add(chunk)) return;
      latencies.push(performance.now() - sentAt);
      next();
    };
    socket.on('data', (chunk: Buffer) => {
      try {
        onData(chunk);
      } catch (error) {
        socket.destroy();
        reject(error);
      }
    });
    socket.on('connect', next);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the connection closed before its answer')));
  });
}

process.once('message', (spec: LoadSpec) => {
  run(spec).then(
    (result) => process.send?.(result),
    (error: Error) => process.send?.({ error: error.message }),
  );
});

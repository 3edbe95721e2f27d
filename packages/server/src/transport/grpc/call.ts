/**
 * A call and its answer, straight on Node's HTTP/2: what is known of it from head to end, and how it is answered.
 *
 * Why not @grpc/grpc-js: an echo of 100 bytes costs it 40 us of CPU and one of 600 KB 0.7 to 1.2 ms, here it is 22 to 27 us and 0.5 ms, and
 * its server ignores the flow-control window it is given (both measured in one run, 32 and 4 callers).
 */
import { type IncomingHttpHeaders, type ServerHttp2Stream, sensitiveHeaders } from 'node:http2';
import type { FloeError } from '@floe/graph/base';
import type { Later } from '../../core/later.ts';
import type { Caller, Notes } from '../../core/terms.ts';
import { requestId } from '../request-id.ts';
import { ACCEPTED, accepts, type Encoding, encodingOf, pack } from './compression.ts';
import { framed } from './frames.ts';
import { OK_TRAILERS, type Trailers, trailersOf } from './status.ts';
import { timeoutOf } from './timeout.ts';

/** Until it is known who asks. */
const NOBODY: Caller = { name: '', weight: 1 };
const CONTENT_TYPE = 'application/grpc';
/**
 * Kept out of the table of headers of a connection: each is another, so it would push out those that come again, and be compared with all others
 * before it. That was 2 to 3 % of a tiny model's answer.
 */
const UNINDEXED = ['x-request-id'];

export class Call {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  /** `performance.now()` at the head of the request. */
  readonly startedAt = performance.now();
  readonly id: string;
  /** Such as `/inference.GRPCInferenceService/ModelInfer`. */
  readonly path: string;
  /** Model asked for; empty where none is. */
  model = '';
  caller = NOBODY;
  /** What became of it; absent where nothing was inferred. */
  notes: Notes | undefined;
  /** How it ended, as a canonical code; absent until it has. */
  code: FloeError['code'] | 'OK' | undefined;
  /** Bytes of messages. */
  received = 0;
  sent = 0;
  /** Of large ones, until it is over. */
  heldBytes = 0;
  private controller: AbortController | undefined;
  /** Names and values in turn. */
  private readonly extra: string[] = [];
  private encoding: Encoding | undefined;
  private trailers: Readonly<Trailers> = OK_TRAILERS;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, path: string) {
    this.stream = stream;
    this.headers = headers;
    this.path = path;
    this.id = requestId({ headers });
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

  /** Milliseconds on the clock of `performance.now()` when the caller stops waiting. Throws for a timeout that is none. */
  deadline(): number {
    return this.startedAt + timeoutOf(this.headers['grpc-timeout']);
  }

  /** The compression of its messages, both ways. Throws UNIMPLEMENTED for one that is not known. */
  negotiate(): Encoding | undefined {
    const encoding = encodingOf(this.headers['grpc-encoding']);
    if (encoding !== undefined && accepts(this.headers['grpc-accept-encoding'], encoding)) this.encoding = encoding;
    return encoding;
  }

  header(name: string, value: string): void {
    this.extra.push(name, value);
  }

  /** Goes out behind an answer that is a success. */
  trailer(name: string, value: string): void {
    this.trailers = { ...this.trailers, [name]: value };
  }

  /** The only message of an answer, and its end. */
  reply(message: Uint8Array): Later<void> {
    if (this.encoding === undefined) return this.finish(message, false);
    return pack(message, this.encoding).then((packed) => this.finish(packed ?? message, packed !== undefined));
  }

  private finish(message: Uint8Array, compressed: boolean): void {
    if (!this.begin()) return;
    this.code = 'OK';
    const pieces = framed(message, compressed);
    const last = pieces.length - 1;
    for (let i = 0; i < last; i++) this.stream.write(pieces[i]);
    this.sent += message.length;
    this.stream.end(pieces[last]);
  }

  /** One of several messages; resolves when there is room for more. */
  async write(message: Uint8Array): Promise<void> {
    const packed = await pack(message, this.encoding);
    if (!this.begin()) return;
    let hasRoom = true;
    for (const piece of framed(packed ?? message, packed !== undefined)) hasRoom = this.stream.write(piece);
    this.sent += (packed ?? message).length;
    if (!hasRoom) await this.roomOrEnd();
  }

  /** Ends an answer of several messages. */
  end(): void {
    if (!this.begin()) return;
    this.code = 'OK';
    this.stream.end();
  }

  /** Ends the call with an error, which is all of its answer where no message is out yet. */
  fail(error: FloeError): void {
    const { stream } = this;
    if (this.code !== undefined || stream.destroyed || stream.closed) return;
    this.code = error.code;
    this.trailers = trailersOf(error);
    if (stream.headersSent) {
      stream.end();
      return;
    }
    stream.respond(this.head(Object.entries(this.trailers).flat()), { endStream: true });
    this.stopReading();
  }

  /** What is still on its way to us is of no use once the answer is out. A reset that is not put off overtakes the trailers. */
  private stopReading(): void {
    if (!this.stream.readableEnded) setImmediate(() => this.stream.close());
  }

  /** Sends the head of the answer, if it is not out yet; false where nobody waits for it. */
  private begin(): boolean {
    const { stream } = this;
    if (this.code !== undefined || stream.destroyed || stream.closed) return false;
    if (stream.headersSent) return true;
    stream.respond(this.head(), { waitForTrailers: true });
    stream.on('wantTrailers', () => {
      stream.sendTrailers(this.trailers);
      this.stopReading();
    });
    return true;
  }

  /** Names and values in turn, which Node takes with less ado than an object. */
  private head(more: readonly string[] = []): readonly string[] {
    const { encoding } = this;
    const head = [':status', '200', 'content-type', CONTENT_TYPE, 'grpc-accept-encoding', ACCEPTED];
    head.push('x-request-id', this.id, ...this.extra, ...more);
    if (encoding !== undefined) head.push('grpc-encoding', encoding);
    return Object.assign(head, { [sensitiveHeaders]: UNINDEXED });
  }

  private roomOrEnd(): Promise<void> {
    const { stream } = this;
    return new Promise((resolve) => {
      const done = (): void => {
        stream.off('drain', done).off('close', done);
        resolve();
      };
      stream.on('drain', done).on('close', done);
    });
  }
}

/**
 * The life of a call: it is counted, its caller identified, and it is answered by the method that its path names; when its stream is done,
 * what became of it is written down.
 */
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { FloeError } from '@floe/graph/base';
import { ParseError } from '../../codec/proto/parse.ts';
import { HTTP_STATUS } from '../../core/http-status.ts';
import type { Scope } from '../identity/identity.ts';
import { Call } from './call.ts';
import type { GrpcDeps, UnaryHandler } from './deps.ts';
import type { Frame } from './frames.ts';
import { MessageStream, readOne } from './messages.ts';
import { type Route, routes } from './router.ts';
import { ProtocolError, presentable } from './status.ts';

const CONTENT_TYPE = /^application\/grpc($|[+;])/;
const UNSUPPORTED_MEDIA_TYPE = 415;
const OK = 200;
/** What is on a Unix socket is on this machine. */
const THIS_MACHINE = '127.0.0.1';

function ignore(): void {}

/**
 * Node's streams outlive their calls by some small collections of garbage, and so would what listens to them: copying that was a tenth of a tiny model's answer. Node's own among
 * them is told of each that goes, which takes as long as all the rest, unless it goes first.
 */
function forget(stream: ServerHttp2Stream): void {
  stream.removeAllListeners('removeListener').removeAllListeners().on('error', ignore);
}

export class Calls {
  private readonly deps: GrpcDeps;
  private readonly closing = new AbortController();
  private readonly routes: ReadonlyMap<string, Route>;

  constructor(deps: GrpcDeps) {
    this.deps = deps;
    this.routes = routes(deps, this.closing.signal);
  }

  /** Calls that go on until somebody ends them are ended, once what they asked for is answered. */
  close(): void {
    this.closing.abort();
  }

  /** Answers calls of a server whose callers are all on this machine, as those of a Unix socket are, or not; never throws. */
  from(isLocal: boolean): (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void {
    return (stream, headers) => this.take(stream, headers, isLocal);
  }

  private take(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, isLocal: boolean): void {
    // What goes wrong with a stream is told by its end.
    stream.on('error', ignore);
    if (!CONTENT_TYPE.test(headers['content-type'] ?? '')) {
      stream.respond({ ':status': UNSUPPORTED_MEDIA_TYPE }, { endStream: true });
      return;
    }
    const call = new Call(stream, headers, String(headers[':path']));
    this.deps.metrics.begin();
    stream.on('close', () => {
      this.end(call);
      forget(stream);
    });
    try {
      this.dispatch(call, isLocal);
    } catch (thrown) {
      this.fail(call, thrown);
    }
  }

  private dispatch(call: Call, isLocal: boolean): void {
    const route = this.routes.get(call.path);
    if (route === undefined) throw new FloeError('UNIMPLEMENTED', `unknown method ${call.path}`);
    const { handler, message } = route;
    if (handler.scope !== undefined) this.identify(call, handler.scope, isLocal);
    if (call.deadline() <= call.startedAt)
      throw new FloeError('DEADLINE_EXCEEDED', 'the deadline had passed on arrival');
    const expected = { message, limit: this.deps.options.messageLimit };
    if ('stream' in handler) {
      const messages = new MessageStream(call, expected);
      void this.run(call, this.closed(messages), () => handler.stream(messages, call));
      return;
    }
    const hold = (bytes: number): void => this.deps.held.take(call, bytes);
    readOne(call, { ...expected, hold }, (error, frame) => {
      if (frame === undefined) this.fail(call, error);
      else if ('watch' in handler) {
        const over = AbortSignal.any([call.signal, this.closing.signal]);
        void this.run(
          call,
          () => {},
          () => handler.watch(frame.bytes, call, over),
        );
      } else this.unary(call, frame, handler.unary);
    });
  }

  /** Throws UNAUTHENTICATED, PERMISSION_DENIED, RESOURCE_EXHAUSTED. The address of a socket that is gone already is nobody's. */
  private identify(call: Call, scope: Scope, isLocal: boolean): void {
    const { headers, stream } = call;
    const remoteAddress = isLocal ? THIS_MACHINE : stream.session?.socket.remoteAddress;
    call.caller = this.deps.identity.authorize({ authorization: headers.authorization, remoteAddress }, scope);
    this.deps.limits.take(call.caller);
  }

  private unary(call: Call, frame: Frame, answer: UnaryHandler['unary']): void {
    try {
      const reply = answer(frame.bytes, call);
      if (!(reply instanceof Promise)) return void call.reply(reply);
      reply.then(
        (message) => {
          frame.release();
          return call.reply(message);
        },
        (thrown: unknown) => this.fail(call, thrown),
      );
    } catch (thrown) {
      this.fail(call, thrown);
    }
  }

  /** Messages end when the server closes; gives what forgets that. */
  private closed(messages: MessageStream): () => void {
    const { signal } = this.closing;
    const close = (): void => messages.close();
    signal.addEventListener('abort', close);
    if (signal.aborted) close();
    return () => signal.removeEventListener('abort', close);
  }

  private async run(call: Call, forget: () => void, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      if (!this.closing.signal.aborted) call.end();
      else call.fail(new FloeError('UNAVAILABLE', 'the server is closing'));
    } catch (thrown) {
      this.fail(call, thrown);
    } finally {
      forget();
    }
  }

  private fail(call: Call, thrown: unknown): void {
    const error = presentable(thrown);
    const isCallers = error instanceof ParseError || error instanceof ProtocolError;
    if (error.code === 'INTERNAL' && !isCallers)
      this.deps.log.error({ requestId: call.id, err: thrown }, 'call failed');
    call.fail(error);
  }

  private end(call: Call): void {
    const { deps } = this;
    const { path, model, caller, code = 'CANCELLED', received, sent, startedAt, id, notes } = call;
    const seconds = (performance.now() - startedAt) / 1000;
    if (call.code === undefined) call.leave();
    deps.held.release(call);
    const method = this.routes.get(path)?.name ?? 'unknown';
    const label = model === '' || code === 'OK' || deps.models.names().includes(model) ? model : 'unknown';
    deps.metrics.count(method, label, code, code === 'OK', seconds, received, sent);
    if (notes !== undefined) {
      const status = code === 'OK' ? OK : HTTP_STATUS[code];
      deps.recent.add({ requestId: id, model, caller: caller.name, status, seconds, notes });
    }
    if (deps.options.accessLog) {
      const ms = Math.round(seconds * 1e5) / 100;
      deps.log.info({ requestId: id, method: path, protocol: 'grpc', model, code, ms }, 'call');
    }
  }
}

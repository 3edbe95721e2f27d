/** What the gRPC transport is given: everything it needs, so that it can be run alone in tests. */
import type { FloeError } from '@floe/graph/base';
import type { Logger } from 'pino';
import type { Models } from '../../core/inference.ts';
import type { Infer } from '../../infer.ts';
import type { RateLimits } from '../../queue/rate-limit.ts';
import type { Present } from '../../queue/snapshot.ts';
import type { HeldBytes } from '../held-bytes.ts';
import type { Identity, Scope } from '../identity/identity.ts';
import type { RecentRequests } from '../recent-requests.ts';
import type { Repository } from '../repository.ts';
import type { RequestMetrics } from '../request-metrics.ts';
import type { TlsOptions } from '../tls.ts';
import type { Call } from './call.ts';
import type { MessageStream, StreamFrame } from './messages.ts';

export interface GrpcOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** A Unix socket to listen on, too, without TLS. */
  readonly socket?: string;
  /** Largest message in bytes, before and after decompression. */
  readonly messageLimit: number;
  /** One log line for each call. */
  readonly accessLog: boolean;
  /** Version of the server, for metadata. */
  readonly version: string;
  readonly tls?: TlsOptions;
}

export interface GrpcDeps {
  readonly infer: Infer;
  readonly models: Models;
  readonly repository: Repository;
  /** Calls the listener whenever a model may have become ready, or ceased to be; gives what ends that. */
  readonly onChange: (listener: () => void) => () => void;
  readonly identity: Identity;
  /** Of callers, whichever way they come. */
  readonly limits: RateLimits;
  /** Of large messages, whichever way they come. */
  readonly held: HeldBytes;
  readonly recent: RecentRequests;
  /** Of the scheduler; costs nothing to read. */
  readonly load: () => Present;
  readonly metrics: RequestMetrics;
  readonly log: Logger;
  readonly options: GrpcOptions;
}

/** A server that listens. */
export interface GrpcServer {
  /** Such as `127.0.0.1:8500`. */
  readonly address: string;
  readonly port: number;
  /** Reads the certificates again; true where they are now in use. Without TLS it does nothing. */
  reload(): boolean;
  /** Takes no more calls, answers those under way and closes all connections. */
  close(): Promise<void>;
}

interface Handler {
  /** What a key has to allow; absent where anybody may ask. */
  readonly scope?: Scope;
}

export interface UnaryHandler extends Handler {
  /** The answer's message to a request's, in its own memory: the request's is given back. */
  unary(message: Uint8Array, call: Call): Promise<Uint8Array> | Uint8Array;
}

export interface StreamHandler extends Handler {
  /** Writes to the call; it ends well when this resolves. */
  stream(messages: MessageStream & AsyncIterable<StreamFrame>, call: Call): Promise<void>;
}

export interface WatchHandler extends Handler {
  /** Writes answers to one message until the signal says that nobody waits any more, or the server closes. */
  watch(message: Uint8Array, call: Call, over: AbortSignal): Promise<void>;
}

export type AnyHandler = UnaryHandler | StreamHandler | WatchHandler;

/** One for each method of a service. */
export type Handlers<S extends { readonly methods: object }> = Readonly<Record<keyof S['methods'], AnyHandler>>;

/** How a service words an error. */
export type Wording = (error: FloeError, call: Call) => FloeError;

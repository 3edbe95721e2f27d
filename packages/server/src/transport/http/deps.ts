/** What the HTTP transport is given: everything it needs, so that it can be run alone in tests. */
import type { FloeError } from '@floe/graph/base';
import type { Logger } from 'pino';
import type { LaterCodec, ModelRef, Models } from '../../core/inference.ts';
import type { Terms } from '../../core/terms.ts';
import type { Feedback } from '../../feedback/feedback.ts';
import type { RateLimits } from '../../queue/rate-limit.ts';
import type { HeldBytes } from '../held-bytes.ts';
import type { Identity } from '../identity/identity.ts';
import type { RecentRequests } from '../recent-requests.ts';
import type { Repository } from '../repository.ts';
import type { RequestMetrics } from '../request-metrics.ts';
import type { TlsOptions } from '../tls.ts';
import type { Observed } from './observed.ts';

export interface HttpOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Largest request body in bytes, before and after decompression. */
  readonly bodyLimit: number;
  /** One log line for each request. */
  readonly accessLog: boolean;
  /** Version of the server, for metadata. */
  readonly version: string;
  readonly tls?: TlsOptions;
  /** Origins of web pages that may ask; `*` for all, none where it is absent. */
  readonly corsOrigins?: readonly string[];
  /** Where metrics are, beside `/metrics`. */
  readonly metricsPath?: string;
  /** Whether it answers what KServe asks beside the two protocols: see `kserve-routes.ts`. */
  readonly kserve?: boolean;
}

export interface HttpDeps {
  readonly infer: <Req, Reply>(
    codec: LaterCodec<Req, Reply>,
    ref: ModelRef,
    request: Req,
    terms: Terms,
  ) => Promise<Reply>;
  readonly models: Models;
  readonly repository: Repository;
  readonly identity: Identity;
  /** Absent where no feedback is kept. */
  readonly feedback?: Pick<Feedback, 'label' | 'add'>;
  /** Of callers, whichever way they come. */
  readonly limits: RateLimits;
  /** Of large bodies, whichever way they come. */
  readonly held: HeldBytes;
  /** What became of the latest requests, for whoever asks. */
  readonly recent: RecentRequests;
  /** What the gRPC server counts, shown beside what is counted here; absent where there is none. */
  readonly grpc?: RequestMetrics;
  /** Counts of what lies behind the transport. */
  readonly observed: Observed;
  readonly log: Logger;
  readonly options: HttpOptions;
}

/** A server that listens. */
export interface HttpServer {
  /** Such as `http://127.0.0.1:8501`. */
  readonly address: string;
  readonly port: number;
  /** Reads certificate and key again; true where they are now in use. Without TLS it does nothing. */
  reload(): boolean;
  /** Stops taking connections, waits for the requests under way and closes idle connections. */
  close(): Promise<void>;
}

export interface DataServer extends HttpServer {
  /** Makes each answer the last of its connection, so that clients go elsewhere for the next; goes on answering. */
  drain(): void;
}

/** How one protocol shapes an error. */
export interface WireError {
  readonly status: number;
  readonly body: string | Buffer;
}
export type ErrorShape = (error: FloeError, requestId: string, ref?: ModelRef) => WireError;

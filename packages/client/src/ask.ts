/** What may be said of a question, and what is said of its answer, whichever way it goes. */
import type { CallOptions } from './call.ts';
import type { Tensors } from './v2.ts';

/** Which version of a model; neither: the one that serves. */
export interface Which {
  readonly version?: number | string;
  /** As Floe and TensorFlow Serving have them; V2 has no word for it. */
  readonly label?: string;
}

export interface AskOptions extends CallOptions {
  /** Comes back with the answer; feedback goes by it. */
  readonly requestId?: string;
  /** Whom the request is asked for: a canary answers the same ones. */
  readonly sticky?: string;
  /** Whom it concerns, so that what is kept of them can be deleted. */
  readonly subject?: string;
  /** `bypass`: no stored answer. `version`: only answers of the version that serves now. */
  readonly cache?: 'use' | 'bypass' | 'version';
}

export interface InferOptions extends AskOptions, Pick<Which, 'version'> {
  /** Outputs wanted; absent: all of them. */
  readonly outputs?: readonly string[];
  /** Multiplies the caller's weight in the queue. */
  readonly priority?: number;
  readonly parameters?: Readonly<Record<string, string | number | boolean>>;
}

export interface About {
  readonly requestId: string;
  /** Version that computed the answer. */
  readonly version: string;
  /** What became of the request in the output cache, such as `hit; computed by version 3`. */
  readonly cache: string | undefined;
}

export interface Inferred extends About {
  readonly outputs: Tensors;
}

/** As headers of HTTP, and as metadata of gRPC. */
export function askHeaders({ requestId, sticky, subject, cache }: AskOptions): Record<string, string> {
  return {
    ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
    ...(sticky === undefined ? {} : { 'x-sticky-key': sticky }),
    ...(subject === undefined ? {} : { 'x-subject': subject }),
    ...(cache === 'bypass' ? { 'cache-control': 'no-store' } : {}),
    ...(cache === 'version' ? { 'x-cache-scope': 'version' } : {}),
  };
}

/** `header`: what the answer's says. */
export function about(header: (name: string) => string | null | undefined, version: string): About {
  return {
    requestId: header('x-request-id') ?? '',
    version: header('x-model-version') ?? version,
    cache: header('x-cache') ?? undefined,
  };
}

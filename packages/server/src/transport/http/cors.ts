/** Which web pages of other origins may ask over HTTP: what a browser wants to hear before and with each of their requests. */
import type { IncomingMessage } from 'node:http';

/** Headers of answers that such a page may read, beside those that it always may. */
const EXPOSED = 'Inference-Header-Content-Length, Retry-After, X-Cache, X-Model-Version, X-Request-Id';
/** Seconds for which a browser need not ask again whether it may. */
const REMEMBERED = '86400';

export type HeaderLines = readonly (readonly [name: string, value: string])[];

export class Cors {
  private readonly origins: ReadonlySet<string>;

  /** Such as `https://app.example.com`; `*` stands for all. */
  constructor(origins: readonly string[]) {
    this.origins = new Set(origins);
  }

  /**
   * What goes along with an answer; nothing that lets a page read where it may not. That the answer depends on the origin is told to all who ask,
   * pages or not: a cache that kept what nobody's page got would give it to one that may read.
   */
  headersFor({ headers: { origin } }: IncomingMessage): HeaderLines {
    const depends = this.origins.has('*') ? [] : [['vary', 'Origin'] as const];
    if (origin === undefined || !this.allows(origin)) return depends;
    return [
      ['access-control-allow-origin', depends.length === 0 ? '*' : origin],
      ['access-control-expose-headers', EXPOSED],
      ...depends,
    ];
  }

  /** What the question is answered by whether such a request may be sent; undefined where it is none, or by nobody who may. */
  preflight({ method, headers }: IncomingMessage): HeaderLines | undefined {
    if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return undefined;
    if (headers.origin === undefined || !this.allows(headers.origin)) return undefined;
    const asked = headers['access-control-request-headers'];
    return [
      ['access-control-allow-methods', 'GET, HEAD, POST'],
      ...(asked === undefined ? [] : [['access-control-allow-headers', asked] as const]),
      ['access-control-max-age', REMEMBERED],
    ];
  }

  private allows(origin: string): boolean {
    return this.origins.has('*') || this.origins.has(origin);
  }
}

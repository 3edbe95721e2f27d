/** Real servers on loopback that images are fetched from, and a fetcher that may reach them by name. */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Waiter } from '../../src/cache/single-flight.ts';
import { FETCH_DEFAULTS, Fetcher, type FetchOptions } from '../../src/input/fetch.ts';
import type { Resolve } from '../../src/input/http-client.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface Origin extends AsyncDisposable {
  /** `http://images.test:port`, or with https where the server has a certificate. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Paths asked for, in order. */
  readonly asked: string[];
  handler: Handler;
}

export async function startOrigin(handler: Handler, tls?: ServerOptions): Promise<Origin> {
  const asked: string[] = [];
  const listener: RequestListener = (request, response) => {
    asked.push(request.url ?? '');
    origin.handler(request, response);
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const origin: Origin = {
    url: `${tls === undefined ? 'http' : 'https'}://images.test:${port}`,
    host: `${tls === undefined ? 'http://' : ''}images.test:${port}`,
    port,
    asked,
    handler,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return origin;
}

/** Answers with `body` as an image. */
export function image(body: Buffer, headers: Record<string, string> = {}): Handler {
  return (_request, response) => response.writeHead(200, { 'content-type': 'image/jpeg', ...headers }).end(body);
}

export const toLoopback: Resolve = async () => [{ address: '127.0.0.1', family: 4 }];

/** May fetch from `origin`, which lies in a network that is opened. */
export function fetcherFor(origin: Origin, options: Partial<FetchOptions> = {}, resolve = toLoopback): TestFetcher {
  return new TestFetcher(
    {
      ...FETCH_DEFAULTS,
      hosts: [origin.host],
      networks: ['127.0.0.1/32'],
      maxBytes: 1 << 20,
      totalSeconds: 20,
      cacheBytes: 0,
      ...options,
    },
    resolve,
  );
}

export class TestFetcher extends Fetcher implements AsyncDisposable {
  async text(url: string, waiter: Partial<Waiter> = {}): Promise<string> {
    const bytes = await this.fetch(url, 'x', { ...forever(), ...waiter });
    return Buffer.from(bytes).toString();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

export function forever(): Waiter {
  return { signal: new AbortController().signal, deadline: Number.POSITIVE_INFINITY };
}

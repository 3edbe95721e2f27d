/**
 * One GET: the only file of the server that knows undici. Names are resolved here and the connection goes to an address that was checked, so that a
 * name which points elsewhere a moment later gains nothing.
 */
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { FloeError, invalid } from '@floe/graph/base';
import { Agent, type Dispatcher } from 'undici';
import { VERSION } from '../core/version.ts';
import type { AddressPolicy } from './addresses.ts';
import type { Headers } from './http-cache.ts';

/** All addresses of a name. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

export interface ClientOptions {
  readonly maxBytes: number;
  readonly idleSeconds: number;
  readonly concurrency: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The body. Throws INVALID_ARGUMENT where it is larger than allowed. */
  bytes(): Promise<Uint8Array>;
  /** Lets go of the body. */
  discard(): Promise<void>;
}

const HEADERS = {
  accept: 'image/jpeg, image/png, image/webp',
  'accept-encoding': 'identity',
  'user-agent': `floe/${VERSION}`,
};
/** What is left of a body that nobody wants is read up to this, to keep the connection. */
const DISCARDED = 16 * 1024;
const SLOW = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT']);

export class HttpClient {
  private readonly agent: Agent;
  private readonly maxBytes: number;

  constructor(options: ClientOptions, addresses: AddressPolicy, resolve: Resolve = resolveBySystem) {
    const idle = options.idleSeconds * 1000;
    this.maxBytes = options.maxBytes;
    this.agent = new Agent({
      connect: { lookup: checkedLookup(addresses, resolve), timeout: idle },
      headersTimeout: idle,
      bodyTimeout: idle,
      connections: options.concurrency,
    });
  }

  /** `validators` make the request conditional. Throws UNAVAILABLE, DEADLINE_EXCEEDED, PERMISSION_DENIED. */
  async get(url: URL, validators: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Answer> {
    const { origin, pathname, search } = url;
    const headers = { ...HEADERS, ...validators };
    const answer = this.agent.request({ origin, path: pathname + search, method: 'GET', headers, signal });
    const { statusCode, headers: found, body } = await answer.catch(fail);
    return {
      status: statusCode,
      headers: found,
      bytes: () => collect(body, Number(found['content-length'] ?? 0), this.maxBytes).catch(fail),
      discard: () => body.dump({ limit: DISCARDED, signal }).catch(fail),
    };
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }
}

async function collect(body: Dispatcher.ResponseData['body'], declared: number, limit: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  if (declared <= limit) {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > limit) break;
      chunks.push(chunk);
    }
    if (length <= limit) return Buffer.concat(chunks, length);
  }
  body.destroy();
  throw invalid(`it is larger than ${limit} bytes`);
}

function resolveBySystem(host: string): Promise<readonly LookupAddress[]> {
  return lookup(host, { all: true });
}

/** Gives the addresses that may be connected to; PERMISSION_DENIED where a name has none but others. */
function checkedLookup(addresses: AddressPolicy, resolve: Resolve): LookupFunction {
  return (host, options, done) => {
    resolve(host).then(
      (all) => {
        const allowed = all.filter(({ address }) => addresses.allows(address));
        const [first] = allowed;
        if (first === undefined) done(denied(), '');
        else if (options.all === true) done(null, [...allowed]);
        else done(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => done(error, ''),
    );
  };
}

function denied(): FloeError {
  return new FloeError('PERMISSION_DENIED', 'the host has no public address');
}

/** What went wrong in our words; the addresses of a network that is none of the caller's business stay in the cause. */
function fail(thrown: unknown): never {
  if (thrown instanceof FloeError) throw thrown;
  const { code = '', name } = thrown as NodeJS.ErrnoException;
  if (name === 'AbortError') throw new FloeError('CANCELLED', 'the caller has gone', [], thrown);
  if (SLOW.has(code)) throw new FloeError('DEADLINE_EXCEEDED', `its server is too slow (${code})`, [], thrown);
  throw new FloeError('UNAVAILABLE', `its server cannot be reached (${code === '' ? name : code})`, [], thrown);
}

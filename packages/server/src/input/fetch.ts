/**
 * Images by reference: a URL becomes bytes, once for all who ask at the same time, and by HTTP's caching rules.
 *
 * Safe by default: only hosts that the configuration names, only https unless it says otherwise, only addresses that are public or
 * opened, and all of that again after each redirect. Bounded in bytes, time, redirects and fetches at a time. Errors name the input and
 * the URL without its query, where secrets are.
 */
import { isIP } from 'node:net';
import { asFloeError, FloeError, invalid } from '@floe/graph/base';
import { ByteCache } from '../cache/byte-cache.ts';
import { SingleFlight, type Waiter } from '../cache/single-flight.ts';
import { Gate } from '../engine/gate.ts';
import { AddressPolicy } from './addresses.ts';
import { HostRules } from './hosts.ts';
import { type Kept, keep, renew, validatorsOf } from './http-cache.ts';
import type { Answer, HttpClient, Resolve } from './http-client.ts';

export interface FetchOptions {
  /** Hosts that images may come from, as `HostRules` reads them; none: nothing is ever fetched. */
  readonly hosts: readonly string[];
  /** Networks (CIDR) that these hosts may lie in although they are not public. */
  readonly networks: readonly string[];
  /** Largest image. */
  readonly maxBytes: number;
  /** Seconds for one image, with all redirects and the wait for a free place. */
  readonly totalSeconds: number;
  /** Seconds to connect, to the first byte of an answer, and between two of its pieces. */
  readonly idleSeconds: number;
  readonly maxRedirects: number;
  /** Fetches at a time; more wait. */
  readonly concurrency: number;
  /** Answers kept as HTTP allows, in bytes; 0 keeps none. */
  readonly cacheBytes: number;
}

export const FETCH_DEFAULTS = { idleSeconds: 5, maxRedirects: 3, concurrency: 16 } as const;

const MAX_URL = 8192;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const IMAGE_TYPES = new Set(['image/jpeg', 'image/jpg', 'image/png', 'image/webp']);
/** What object stores say of files whose type nobody told them. Their first bytes decide. */
const UNKNOWN_TYPES = new Set(['', 'application/octet-stream', 'binary/octet-stream']);

/** Each URL that was asked for once it had no flight to share, by what became of it. */
export interface FetchStats {
  /** Answers taken from their servers, and their bytes. */
  readonly fetched: number;
  readonly bytes: number;
  /** Taken from what is kept, without asking. */
  readonly fresh: number;
  /** Kept, and still the same as their servers said. */
  readonly revalidated: number;
  /** Refused, unreachable, too slow, or left by all who had asked. */
  readonly failed: number;
}

export class Fetcher {
  private readonly options: FetchOptions;
  private readonly hosts: HostRules;
  private readonly addresses: AddressPolicy;
  private readonly resolve: Resolve | undefined;
  private readonly gate: Gate;
  private readonly flights = new SingleFlight<Uint8Array>();
  private readonly kept: ByteCache<Kept>;
  private readonly counts = { fetched: 0, bytes: 0, fresh: 0, revalidated: 0, failed: 0 };
  private client: Promise<HttpClient> | undefined;

  /** `resolve` asks a name service of your own instead of the system's. Throws INVALID_ARGUMENT for hosts or networks that are none. */
  constructor(options: FetchOptions, resolve?: Resolve) {
    this.options = options;
    this.hosts = new HostRules(options.hosts);
    this.addresses = new AddressPolicy(options.networks);
    this.resolve = resolve;
    this.gate = new Gate(options.concurrency);
    this.kept = new ByteCache(options.cacheBytes);
  }

  /**
   * The bytes behind `reference`, which are shared: nobody may write to them. Throws, naming `input`, PERMISSION_DENIED (host or
   * address), INVALID_ARGUMENT (URL, type, size, not there), UNAVAILABLE, DEADLINE_EXCEEDED and CANCELLED.
   */
  async fetch(reference: string, input: string, waiter: Waiter): Promise<Uint8Array> {
    let shown = 'the URL';
    try {
      const url = parse(reference);
      shown = redacted(url);
      this.check(url);
      return await this.flights.run(url.href, waiter, ({ signal }) => this.load(url, signal));
    } catch (thrown) {
      const { code, message } = asFloeError(thrown);
      throw new FloeError(code, `input ${input}: ${shown}: ${message}`, { tensor: input, reason: message }, thrown);
    }
  }

  stats(): FetchStats {
    return { ...this.counts };
  }

  /** Ends what is under way and closes connections. */
  async close(): Promise<void> {
    await (await this.client)?.close();
  }

  private check(url: URL): void {
    if (!this.hosts.allows(url)) {
      throw denied('the server may not fetch from there: its fetchHosts do not name the host, port and protocol');
    }
    const literal = url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(literal) !== 0 && !this.addresses.allows(literal)) throw denied('the address is not public');
  }

  private async load(url: URL, signal: AbortSignal): Promise<Uint8Array> {
    const late = AbortSignal.timeout(this.options.totalSeconds * 1000);
    const either = AbortSignal.any([signal, late]);
    try {
      return await unlessAborted(
        this.gate.use(() => this.follow(url, either)),
        either,
      );
    } catch (thrown) {
      this.counts.failed += 1;
      if (late.aborted) throw new FloeError('DEADLINE_EXCEEDED', `it took over ${this.options.totalSeconds} s`);
      throw thrown;
    }
  }

  private async follow(first: URL, signal: AbortSignal): Promise<Uint8Array> {
    const client = await this.open();
    let url = first;
    for (let hops = 0; hops <= this.options.maxRedirects; hops++) {
      const kept = this.kept.get(url.href);
      if (kept !== undefined && kept.freshUntil > Date.now()) {
        this.counts.fresh += 1;
        return kept.bytes;
      }
      const answer = await client.get(url, validatorsOf(kept?.headers ?? {}), signal);
      const target = targetOf(answer, url);
      if (target === undefined) return await this.accept(url, answer, kept);
      await answer.discard();
      this.check(target);
      url = target;
    }
    throw invalid(`more than ${this.options.maxRedirects} redirects`);
  }

  /** Throws where the answer is no image that may be taken. */
  private async accept(url: URL, answer: Answer, kept: Kept | undefined): Promise<Uint8Array> {
    const { headers } = answer;
    if (answer.status === 304 && kept !== undefined) {
      await answer.discard();
      this.counts.revalidated += 1;
      return this.remember(url, kept.bytes, renew(kept, headers, Date.now()));
    }
    const refusal = refusalOf(answer);
    if (refusal !== undefined) {
      await answer.discard();
      throw refusal;
    }
    const bytes = await answer.bytes();
    this.counts.fetched += 1;
    this.counts.bytes += bytes.length;
    return this.remember(url, bytes, keep(bytes, headers, Date.now()));
  }

  private remember(url: URL, bytes: Uint8Array, kept: Kept | undefined): Uint8Array {
    if (kept === undefined) this.kept.delete(url.href);
    else this.kept.set(url.href, kept, bytes.length + url.href.length);
    return bytes;
  }

  /** Loaded on first use: a server that fetches nothing never pays for it. */
  private open(): Promise<HttpClient> {
    this.client ??= import('./http-client.ts').then(
      ({ HttpClient: Client }) => new Client(this.options, this.addresses, this.resolve),
    );
    return this.client;
  }
}

/** `work`, or an error as soon as nobody wants it any more: it may still be waiting for a free place. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(new FloeError('CANCELLED', 'the caller has gone'));
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

function parse(reference: string): URL {
  const url = reference.length <= MAX_URL && URL.canParse(reference) ? new URL(reference) : undefined;
  if (url === undefined) throw invalid('this is no URL');
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw invalid(`${url.protocol} is not fetched, only https:`);
  if (url.username !== '' || url.password !== '') throw invalid('a URL with a password in it is not fetched');
  url.hash = '';
  return url;
}

/** Scheme, host and path: queries carry signatures and keys. */
function redacted(url: URL): string {
  return `${url.origin}${url.pathname}${url.search === '' ? '' : '?…'}`;
}

/** Where a redirect leads; undefined for any other answer. */
function targetOf({ status, headers }: Answer, from: URL): URL | undefined {
  if (!REDIRECTS.has(status)) return undefined;
  const { location } = headers;
  if (typeof location !== 'string' || !URL.canParse(location, from.href)) throw invalid('a redirect to no URL');
  return parse(new URL(location, from).href);
}

function refusalOf({ status, headers }: Answer): FloeError | undefined {
  if (status === 429 || status >= 500) return new FloeError('UNAVAILABLE', `its server answers ${status}`);
  if (status !== 200) return invalid(`its server answers ${status}`);
  const type = String(headers['content-type'] ?? '')
    .split(';', 1)[0]
    ?.trim()
    .toLowerCase();
  if (!IMAGE_TYPES.has(type ?? '') && !UNKNOWN_TYPES.has(type ?? '')) {
    return invalid(`it is ${type}; only JPEG, PNG and WebP images are taken`);
  }
  const encoding = headers['content-encoding'] ?? 'identity';
  return encoding === 'identity' ? undefined : invalid(`content-encoding ${encoding}, which was not asked for`);
}

function denied(message: string): FloeError {
  return new FloeError('PERMISSION_DENIED', message);
}

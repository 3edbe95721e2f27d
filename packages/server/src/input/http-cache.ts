/**
 * Which answers may be kept and for how long, by RFC 9111, as a shared cache. Requests for images all carry the same headers, so that
 * `Vary` makes no difference unless it is `*`. An answer that tells no lifetime is asked about each time, by its validator.
 *
 * undici has an interceptor for this; it forgets an answer whenever a 304 says `Cache-Control`, which is what servers do.
 */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** An answer that is kept. */
export interface Kept {
  readonly bytes: Uint8Array;
  /** Those that say how long, and what to ask with. */
  readonly headers: Headers;
  /** Milliseconds on the clock of `Date.now()`. */
  readonly freshUntil: number;
}

const TELLING = ['cache-control', 'expires', 'vary', 'etag', 'last-modified'] as const;

/** The answer as it is kept; undefined where it may not be, or where that would be of no use. */
export function keep(bytes: Uint8Array, headers: Headers, now: number): Kept | undefined {
  const control = directives(headers);
  if (control.has('no-store') || control.has('private') || textOf(headers, 'vary') === '*') return undefined;
  const freshUntil = now + lifetime(control, headers, now);
  if (freshUntil <= now && Object.keys(validatorsOf(headers)).length === 0) return undefined;
  return { bytes, headers: Object.fromEntries(TELLING.map((name) => [name, headers[name]])), freshUntil };
}

/** What is kept after its server has said that it is still the same; undefined where it may not be kept any longer. */
export function renew(kept: Kept, headers: Headers, now: number): Kept | undefined {
  return keep(kept.bytes, { ...kept.headers, ...headers }, now);
}

/** What makes the next request a question whether the answer is still the same. */
export function validatorsOf(headers: Headers): Record<string, string> {
  const etag = textOf(headers, 'etag');
  if (etag !== '') return { 'if-none-match': etag };
  const modified = textOf(headers, 'last-modified');
  return modified === '' ? {} : { 'if-modified-since': modified };
}

/** Milliseconds for which the answer is fresh from now on. */
function lifetime(control: ReadonlyMap<string, string>, headers: Headers, now: number): number {
  if (control.has('no-cache')) return 0;
  const age = secondsOf(textOf(headers, 'age')) ?? 0;
  const stated = secondsOf(control.get('s-maxage')) ?? secondsOf(control.get('max-age'));
  if (stated !== undefined) return Math.max(0, stated - age) * 1000;
  const expires = Date.parse(textOf(headers, 'expires'));
  const date = Date.parse(textOf(headers, 'date'));
  if (Number.isNaN(expires)) return 0;
  return Math.max(0, expires - (Number.isNaN(date) ? now : date) - age * 1000);
}

/** Directives of `Cache-Control` in small letters; of one that comes twice, the first. */
function directives(headers: Headers): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const text = textOf(headers, 'cache-control').toLowerCase();
  for (const [, name = '', value = ''] of text.matchAll(/([a-z0-9-]+)(?:="?([^",]*)"?)?/g)) {
    if (!found.has(name)) found.set(name, value);
  }
  return found;
}

function secondsOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}

function textOf(headers: Headers, name: string): string {
  const value = headers[name];
  return (Array.isArray(value) ? value.join(', ') : (value ?? '')).trim();
}

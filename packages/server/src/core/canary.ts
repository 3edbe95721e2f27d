/**
 * A version on trial: it answers a share of those who ask for no version in particular, and the same ones every time. As the share grows,
 * who was asked stays asked.
 */

import { ANONYMOUS } from './terms.ts';

/** Stored in `channels.json`. */
export interface Canary {
  readonly version: number;
  /** Share of what asks for no version, 0..100. */
  readonly percent: number;
  /** Shares that it gets one after the other while it is healthy, until it is stable; absent where a person decides. */
  readonly steps?: readonly number[];
}

/** Who asks; `Terms` are one. */
export interface Asker {
  readonly requestId: string;
  readonly caller: { readonly name: string };
  /** Whom the caller asks for, in the caller's words; absent where it does not say. */
  readonly sticky?: string;
}

/**
 * Whether the canary answers. The lot belongs to whom the caller asks for, else to the caller, and to the single request where neither is
 * known; another version draws other lots, so that it is not always the same ones who try what is new.
 */
export function answersFrom({ version, percent }: Canary, model: string, asker: Asker): boolean {
  return lot(`${model}\0${version}\0${nameOf(asker)}`) * 100 < percent;
}

function nameOf({ requestId, caller, sticky }: Asker): string {
  if (sticky !== undefined) return `s\0${caller.name}\0${sticky}`;
  return caller.name === ANONYMOUS ? `r\0${requestId}` : `c\0${caller.name}`;
}

/** A number in 0..1 that is the same for the same text: FNV-1a over UTF-16 units, then the finaliser of MurmurHash3, for FNV's high bits alone are too even. */
export function lot(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

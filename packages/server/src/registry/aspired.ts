/** Which versions of a model should serve: a pure function of what is there and of the model's channels. */
import type { Canary } from '../core/canary.ts';
import type { FoundVersion } from './scan.ts';

/** Pointers at versions, from `<model>/channels.json`. */
export interface Channels {
  readonly stable?: number;
  readonly canary?: Canary;
  readonly labels: Readonly<Record<string, number>>;
}

export const NO_CHANNELS: Channels = { labels: {} };

/**
 * The newest `keep` versions but for the canary; with a `stable` channel that version instead of the newest; and the canary and every
 * version that a label names. Ascending.
 */
export function aspiredVersions(
  found: readonly FoundVersion[],
  channels: Channels,
  keep: number,
): readonly FoundVersion[] {
  const newest = [...found].sort((a, b) => b.version - a.version);
  const { stable = Number.POSITIVE_INFINITY, canary } = channels;
  const candidates = newest.filter(({ version }) => version <= stable && version !== canary?.version);
  const wanted = new Set(candidates.slice(0, keep).map(({ version }) => version));
  for (const version of Object.values(channels.labels)) wanted.add(version);
  if (canary !== undefined) wanted.add(canary.version);
  return newest.filter(({ version }) => wanted.has(version)).reverse();
}

/**
 * The version that serves where a request names none: the stable one, else the newest of those that are available; the canary only where
 * there is no other.
 */
export function defaultVersion(available: readonly number[], channels: Channels): number | undefined {
  if (channels.stable !== undefined && available.includes(channels.stable)) return channels.stable;
  const proven = available.filter((version) => version !== channels.canary?.version);
  const candidates = proven.length === 0 ? available : proven;
  return candidates.length === 0 ? undefined : Math.max(...candidates);
}

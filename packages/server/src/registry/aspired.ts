/** Which versions of a model should serve: a pure function of what is there and of the model's channels. */
import type { FoundVersion } from './scan.ts';

/** Pointers at versions, from `<model>/channels.json`. */
export interface Channels {
  readonly stable?: number;
  readonly labels: Readonly<Record<string, number>>;
}

export const NO_CHANNELS: Channels = { labels: {} };

/**
 * The newest `keep` versions; with a `stable` channel that version instead of the newest; and every version that a label names.
 * Ascending.
 */
export function aspiredVersions(
  found: readonly FoundVersion[],
  channels: Channels,
  keep: number,
): readonly FoundVersion[] {
  const newest = [...found].sort((a, b) => b.version - a.version);
  const candidates =
    channels.stable === undefined ? newest : newest.filter(({ version }) => version <= (channels.stable ?? 0));
  const wanted = new Set(candidates.slice(0, keep).map(({ version }) => version));
  for (const version of Object.values(channels.labels)) wanted.add(version);
  return newest.filter(({ version }) => wanted.has(version)).reverse();
}

/** The version that serves where a request names none: the stable one, else the newest of those that are available. */
export function defaultVersion(available: readonly number[], channels: Channels): number | undefined {
  if (channels.stable !== undefined && available.includes(channels.stable)) return channels.stable;
  return available.length === 0 ? undefined : Math.max(...available);
}

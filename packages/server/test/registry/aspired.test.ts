import { describe, expect, it } from 'vitest';
import { aspiredVersions, type Channels, defaultVersion } from '../../src/registry/aspired.ts';
import type { FoundVersion } from '../../src/registry/scan.ts';

const found = (version: number): FoundVersion => ({
  model: 'm',
  version,
  folder: `/m/${version}`,
  kind: 'frozen',
  fingerprint: String(version),
  bytes: 1,
});

describe('which versions should serve', () => {
  const table: { says: string; there: number[]; channels: Channels; keep: number; serve: number[] }[] = [
    { says: 'the newest without channels', there: [1, 2, 10], channels: { labels: {} }, keep: 1, serve: [10] },
    { says: 'as many of the newest as are kept', there: [1, 2, 10], channels: { labels: {} }, keep: 2, serve: [2, 10] },
    {
      says: 'the stable one though a newer one is there',
      there: [1, 2, 3],
      channels: { stable: 2, labels: {} },
      keep: 1,
      serve: [2],
    },
    {
      says: 'labelled ones beside the newest',
      there: [1, 2, 3],
      channels: { labels: { old: 1 } },
      keep: 1,
      serve: [1, 3],
    },
    {
      says: 'labelled ones beside the stable one',
      there: [1, 2, 3],
      channels: { stable: 2, labels: { next: 3 } },
      keep: 1,
      serve: [2, 3],
    },
    {
      says: 'nothing of a label whose version is not there',
      there: [1],
      channels: { labels: { next: 7 } },
      keep: 1,
      serve: [1],
    },
    {
      says: 'the canary beside the stable one',
      there: [1, 2, 3, 4],
      channels: { stable: 2, canary: { version: 3, percent: 10 }, labels: {} },
      keep: 1,
      serve: [2, 3],
    },
    {
      says: 'the canary beside the newest of the others',
      there: [1, 2, 3],
      channels: { canary: { version: 3, percent: 10 }, labels: {} },
      keep: 1,
      serve: [2, 3],
    },
    { says: 'nothing where nothing is there', there: [], channels: { labels: {} }, keep: 1, serve: [] },
  ];
  for (const { says, there, channels, keep, serve } of table) {
    it(says, () => {
      expect(aspiredVersions(there.map(found), channels, keep).map(({ version }) => version)).toEqual(serve);
    });
  }
});

describe('which version answers by default', () => {
  const table: { says: string; available: number[]; channels: Channels; version: number | undefined }[] = [
    { says: 'the newest available', available: [1, 3, 2], channels: { labels: {} }, version: 3 },
    {
      says: 'no canary while another is there',
      available: [1, 3, 2],
      channels: { canary: { version: 3, percent: 50 }, labels: {} },
      version: 2,
    },
    {
      says: 'the canary where it is alone',
      available: [3],
      channels: { stable: 2, canary: { version: 3, percent: 50 }, labels: {} },
      version: 3,
    },
    { says: 'the stable one', available: [1, 3, 2], channels: { stable: 2, labels: {} }, version: 2 },
    {
      says: 'the newest while the stable one is not loaded yet',
      available: [1],
      channels: { stable: 2, labels: {} },
      version: 1,
    },
    { says: 'none where none is available', available: [], channels: { labels: {} }, version: undefined },
  ];
  for (const { says, available, channels, version } of table) {
    it(says, () => expect(defaultVersion(available, channels)).toBe(version));
  }
});

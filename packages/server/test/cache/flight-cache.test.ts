import { FloeError } from '@floe/graph';
import { expect, it } from 'vitest';
import { FlightCache } from '../../src/cache/flight-cache.ts';

const patient = { signal: new AbortController().signal, deadline: Number.POSITIVE_INFINITY };

it('makes each value once, for all who ask, and keeps it', async () => {
  let made = 0;
  const cache = new FlightCache<Uint8Array>(10_000, ({ byteLength }) => byteLength);
  const make = async (): Promise<Uint8Array> => new Uint8Array(100).fill(++made);
  const [first, second] = await Promise.all([cache.load('a', patient, make), cache.load('a', patient, make)]);
  expect(first).toBe(second);
  expect(await cache.load('a', patient, make)).toBe(first);
  expect(await cache.load('b', patient, make)).not.toBe(first);
  expect(made).toBe(2);
  expect(cache.stats()).toMatchObject({ hits: 1, misses: 3, entries: 2, evictions: 0 });
});

it('keeps no failure', async () => {
  const cache = new FlightCache<Uint8Array>(10_000, ({ byteLength }) => byteLength);
  const fail = () => Promise.reject(new FloeError('UNAVAILABLE', 'no'));
  await expect(cache.load('a', patient, fail)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(await cache.load('a', patient, async () => Uint8Array.of(1))).toEqual(Uint8Array.of(1));
});

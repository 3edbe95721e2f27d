import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteCache, ENTRY_OVERHEAD } from '../../src/cache/byte-cache.ts';

interface Value {
  readonly of: string;
}

const KIB = 1024;

function filled(limit: number, keys: readonly string[], bytes = 0): ByteCache<Value> {
  const cache = new ByteCache<Value>(limit);
  for (const key of keys) cache.set(key, { of: key }, bytes);
  return cache;
}

const range = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `k${from + i}`);

it('gives what was stored, counts, and replaces', () => {
  const cache = filled(100 * KIB, ['a', 'b']);
  cache.set('a', { of: 'new' }, 100);
  expect(cache.get('a')).toEqual({ of: 'new' });
  expect(cache.peek('b')).toEqual({ of: 'b' });
  expect(cache.get('c')).toBeUndefined();
  expect(cache.stats()).toEqual({ hits: 1, misses: 1, bytes: 2 * ENTRY_OVERHEAD + 100, entries: 2, evictions: 0 });
  expect([cache.delete('a'), cache.delete('a'), cache.delete('c')]).toEqual([true, false, false]);
  cache.clear();
  expect(cache.stats()).toMatchObject({ bytes: 0, entries: 0 });
});

it('keeps nothing that would take the place of all else, and forgets what was there', () => {
  const cache = filled(100 * KIB, ['a']);
  expect(cache.set('a', { of: 'large' }, cache.largest + 1)).toBe(false);
  expect(cache.peek('a')).toBeUndefined();
  expect(cache.set('a', { of: 'fits' }, cache.largest)).toBe(true);
});

it('keeps nothing without room', () => {
  const cache = filled(0, ['a']);
  expect(cache.stats()).toMatchObject({ bytes: 0, entries: 0 });
});

it('a scan does not sweep out what is used', () => {
  const hot = range(0, 10);
  const cache = filled(100 * ENTRY_OVERHEAD, hot);
  for (const key of hot) cache.get(key);
  for (const key of range(1000, 3000)) cache.set(key, { of: key }, 0);
  expect(hot.filter((key) => cache.peek(key) !== undefined)).toEqual(hot);
});

it('what comes back soon after it was evicted stays', () => {
  const cache = filled(100 * ENTRY_OVERHEAD, range(0, 200));
  const [ghost = ''] = range(0, 200)
    .filter((key) => cache.peek(key) === undefined)
    .slice(-1);
  cache.set(ghost, { of: ghost }, 0);
  for (const key of range(1000, 1090)) cache.set(key, { of: key }, 0);
  expect(cache.peek(ghost)).toEqual({ of: ghost });
});

it('whatever is done, it holds no more than its bytes, no more ghosts than entries, and never another key value', () => {
  const step = fc.record({
    act: fc.constantFrom('get', 'get', 'set', 'set', 'delete'),
    key: fc.integer({ min: 0, max: 40 }).map(String),
    bytes: fc.integer({ min: 0, max: 2 * KIB }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 0, max: 20 * KIB }), (steps, limit) => {
      const cache = new ByteCache<Value>(limit);
      const model = new Map<string, Value>();
      let asked = 0;
      for (const { act, key, bytes } of steps) {
        if (act === 'get') {
          asked++;
          const found = cache.get(key);
          if (found !== undefined) expect(found).toBe(model.get(key));
        } else if (act === 'set') {
          const value = { of: key };
          if (cache.set(key, value, bytes)) model.set(key, value);
          else model.delete(key);
        } else {
          cache.delete(key);
          model.delete(key);
        }
        const stats = cache.stats();
        expect(stats.bytes).toBeLessThanOrEqual(limit);
        expect(stats.entries).toBeLessThanOrEqual(model.size);
        expect(cache.ghostCount).toBeLessThanOrEqual(Math.max(0, stats.entries));
        expect(stats.hits + stats.misses).toBe(asked);
      }
      for (const key of model.keys()) cache.delete(key);
      expect(cache.stats().entries).toBe(0);
    }),
  );
});

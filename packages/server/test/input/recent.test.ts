import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Recent } from '../../src/input/recent.ts';

test('whatever is kept, it is what was put there last, and within the limit', () => {
  const step = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e'), bytes: fc.integer({ min: 0, max: 12 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const recent = new Recent<number>(20);
      const last = new Map<string, { at: number; bytes: number }>();
      for (const [at, { key, bytes }] of steps.entries()) {
        recent.set(key, at, bytes);
        last.set(key, { at, bytes });
        expect(recent.get(key)).toBe(at);
        const held = [...last].filter(([name]) => recent.get(name) !== undefined);
        for (const [name, entry] of held) expect(recent.get(name)).toBe(entry.at);
        expect(held.reduce((sum, [, entry]) => sum + entry.bytes, 0)).toBeLessThanOrEqual(20);
      }
    }),
  );
});

test('what was used last stays', () => {
  const recent = new Recent<string>(2);
  recent.set('a', 'A', 1);
  recent.set('b', 'B', 1);
  recent.get('a');
  recent.set('c', 'C', 1);
  expect(['a', 'b', 'c'].map((key) => recent.get(key))).toEqual(['A', undefined, 'C']);
});

test('what is larger than the limit is not kept, nor what it replaces', () => {
  const recent = new Recent<string>(2);
  recent.set('a', 'A', 1);
  recent.set('a', 'AAA', 3);
  expect(recent.get('a')).toBeUndefined();
});

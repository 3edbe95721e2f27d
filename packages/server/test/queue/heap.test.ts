import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Entry, Heap } from '../../src/queue/heap.ts';

type Step = { readonly do: 'push' | 'pop' | 'remove' | 'move'; readonly key: number; readonly which: number };

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom('push', 'push', 'pop', 'remove', 'move'),
  // Few keys, so that many are equal.
  key: fc.integer({ min: 0, max: 9 }),
  which: fc.nat(),
});

const sorted = (entries: readonly Entry[]): Entry[] => entries.toSorted((a, b) => a.key - b.key || a.order - b.order);

it('does what a sorted list does, whatever comes in, leaves, or changes its key', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const heap = new Heap<Entry>();
      let list: Entry[] = [];
      steps.forEach((one, order) => {
        const chosen = list[one.which % Math.max(1, list.length)];
        if (one.do === 'push') {
          const entry = { key: one.key, order, at: -1 };
          heap.push(entry);
          list = sorted([...list, entry]);
        } else if (one.do === 'pop') {
          expect(heap.pop()).toBe(list.shift());
        } else if (chosen !== undefined && one.do === 'remove') {
          heap.remove(chosen);
          expect(chosen.at).toBe(-1);
          list = list.filter((entry) => entry !== chosen);
        } else if (chosen !== undefined) {
          chosen.key = one.key;
          heap.moved(chosen);
          list = sorted(list);
        }
        expect(heap.first()).toBe(list[0]);
        expect(heap.size).toBe(list.length);
        expect(new Set(heap)).toEqual(new Set(list));
      });
      expect(Array.from({ length: list.length }, () => heap.pop())).toEqual(list);
    }),
  );
});

it('visits what goes before an entry, and no more than it is asked to', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 20 })),
      fc.integer({ min: 0, max: 20 }),
      fc.nat(9),
      (keys, key, most) => {
        const heap = new Heap<Entry>();
        const entries = keys.map((own, order) => ({ key: own, order, at: -1 }));
        for (const entry of entries) heap.push(entry);
        const visited: Entry[] = [];
        heap.before({ key, order: -1 }, (entry) => visited.push(entry) <= most);
        const ahead = entries.filter((entry) => entry.key < key);
        expect(visited.length).toBe(Math.min(ahead.length, most + 1));
        expect(ahead).toEqual(expect.arrayContaining(visited));
      },
    ),
  );
});

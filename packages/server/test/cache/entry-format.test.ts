import type { Tensor } from '@floe/graph';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Entry, makeEntry } from '../../src/cache/entry.ts';
import { readEntry, writeEntry } from '../../src/cache/entry-format.ts';

const bytes = fc.uint8Array({ maxLength: 12 });
const tensor: fc.Arbitrary<Tensor> = fc.oneof(
  bytes.map((data): Tensor => ({ dtype: 'uint8', shape: [data.length], data })),
  fc.float32Array({ maxLength: 6 }).map((data): Tensor => ({ dtype: 'float32', shape: [1, data.length], data })),
  fc.bigInt64Array({ maxLength: 3 }).map((data): Tensor => ({ dtype: 'int64', shape: [data.length], data })),
  fc.array(bytes, { maxLength: 3 }).map((data): Tensor => ({ dtype: 'string', shape: [data.length], data })),
);
const entry: fc.Arbitrary<Entry> = fc
  .record({
    band: fc.nat(4),
    version: fc.nat(),
    epoch: fc.nat(9),
    purges: fc.nat(9),
    outputs: fc.dictionary(fc.string(), tensor),
  })
  .map(({ outputs, ...stamp }) =>
    makeEntry(
      stamp,
      Object.entries(outputs).map(([name, value]) => ({ name, tensor: value })),
    ),
  );

const EXAMPLE = makeEntry({ band: 1, version: 2, epoch: 3, purges: 4 }, [
  { name: 'y', tensor: { dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) } },
  { name: 'z', tensor: { dtype: 'string', shape: [2], data: [Buffer.from('cat'), Buffer.from('')] } },
]);

it('reads what it wrote, into memory of its own', () => {
  fc.assert(
    fc.property(entry, fc.string(), (stored, key) => {
      const written = writeEntry(key, stored);
      const read = readEntry(key, written);
      written.fill(0);
      expect(read).toEqual(stored);
    }),
  );
});

it('takes nothing that was written for another key', () => {
  expect(readEntry('other', writeEntry('key', EXAMPLE))).toBeUndefined();
});

it('takes nothing that was cut off, lengthened or changed anywhere', () => {
  const whole = writeEntry('key', EXAMPLE);
  for (let at = 0; at < whole.length; at++) {
    expect(readEntry('key', whole.subarray(0, at))).toBeUndefined();
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(readEntry('key', changed)).toBeUndefined();
  }
  expect(readEntry('key', Buffer.concat([whole, Buffer.from('x')]))).toBeUndefined();
});

it('takes no garbage', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
      expect(readEntry('key', Buffer.from(garbage))).toBeUndefined();
    }),
  );
});

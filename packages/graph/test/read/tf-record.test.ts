import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exampleRecord, records } from '../../src/index.ts';

const joined = (pieces: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(pieces));
const one = (value: number): readonly Uint8Array[] =>
  exampleRecord(new Map([['x', { dtype: 'float32', shape: [1], data: Float32Array.of(value) }]]));

describe('TFRecord files', () => {
  it('give back what was written', () => {
    const file = joined([...one(1), ...one(2)]);
    expect([...records(file, 'f')]).toEqual([one(1)[1], one(2)[1]]);
    expect([...records(new Uint8Array(0), 'f')]).toEqual([]);
  });

  it('that are cut off anywhere are said to be', () => {
    const file = joined([...one(1), ...one(2)]);
    const whole = joined(one(1)).length;
    for (let length = 1; length < file.length; length++) {
      if (length === whole) continue;
      expect(() => [...records(file.subarray(0, length), 'f')]).toThrow(
        /^f is no TFRecord file, or damaged: at byte \d+, /,
      );
    }
  });

  it('with any byte changed are said to be', () => {
    const file = joined(one(1));
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = file.slice();
        changed[at] = (changed[at] ?? 0) ^ change;
        expect(() => [...records(changed, 'f')]).toThrow(expect.objectContaining({ code: 'DATA_LOSS' }));
      }),
    );
  });

  it('of random bytes end in that error alone', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (bytes) => {
        expect(() => [...records(bytes, 'f')]).toThrow(expect.objectContaining({ code: 'DATA_LOSS' }));
      }),
    );
  });
});

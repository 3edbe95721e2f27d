/** Rows of different lengths in one run: near enough ones are filled up, and each gets its own length back. */
import { sizeOf, type Tensor } from '@floe/graph';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Padding } from '../../src/core/padding.ts';
import { bucketOf, lengthOf } from '../../src/queue/lengths.ts';
import { concatPadded, cutResults } from '../../src/queue/padding.ts';
import { sliceRows } from '../../src/queue/split.ts';
import { rowsOf } from '../../src/queue/work.ts';

/** Tokens of two numbers each, what goes between any two of them, and something that has no length. */
const PADDING: Padding = {
  inputs: new Map([
    ['tokens', { axes: [1], value: -1 }],
    ['pairs', { axes: [1, 2], value: 7 }],
  ]),
  outputs: new Map([
    ['tokens', [1]],
    ['pairs', [1, 2]],
    ['whole', []],
  ]),
};

const INPUTS = [
  { name: 'tokens', dtype: 'float32', shape: [-1, -1, 2] },
  { name: 'pairs', dtype: 'int64', shape: [-1, -1, -1] },
  { name: 'whole', dtype: 'uint8', shape: [-1, 3] },
] as const;

function request(rows: number, length: number, seed: number): Map<string, Tensor> {
  const numbers = (shape: readonly number[]): number[] =>
    Array.from({ length: sizeOf(shape) }, (_, i) => (seed + i) % 100);
  const [tokens, pairs, whole] = [
    [rows, length, 2],
    [rows, length, length],
    [rows, 3],
  ] as const;
  return new Map<string, Tensor>([
    ['tokens', { dtype: 'float32', shape: tokens, data: Float32Array.from(numbers(tokens)) }],
    ['pairs', { dtype: 'int64', shape: pairs, data: BigInt64Array.from(numbers(pairs), BigInt) }],
    ['whole', { dtype: 'uint8', shape: whole, data: Uint8Array.from(numbers(whole)) }],
  ]);
}

describe('buckets of lengths', () => {
  const table: readonly (readonly [number, number])[] = [
    [1, 1],
    [5, 5],
    [8, 8],
    [9, 10],
    [11, 12],
    [17, 20],
    [33, 40],
    [512, 512],
    [513, 640],
  ];
  it.each(table)('has a length of %i go with those up to %i', (length, most) => expect(bucketOf(length)).toBe(most));

  it('lets no row become more than a quarter longer, and keeps the order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), (length) => {
        const bucket = bucketOf(length);
        expect(bucket).toBeGreaterThanOrEqual(length);
        expect(bucket).toBeLessThanOrEqual(length * 1.25);
        expect(bucketOf(bucket)).toBe(bucket);
        expect(bucketOf(length + 1)).toBeGreaterThanOrEqual(bucket);
      }),
    );
  });

  it('knows requests of one bucket as alike, and others as different', () => {
    const shapeOf = (length: number, padding?: Padding) => rowsOf(INPUTS, request(2, length, 0), true, padding).shape;
    expect(shapeOf(17, PADDING)).toBe(shapeOf(20, PADDING));
    expect(shapeOf(20, PADDING)).not.toBe(shapeOf(21, PADDING));
    expect(shapeOf(17)).not.toBe(shapeOf(20));
  });

  it('leaves a request alone whose inputs are not of one length', () => {
    const odd = new Map([...request(1, 3, 0), ['pairs', request(1, 4, 0).get('pairs') as Tensor]]);
    expect(lengthOf(odd, PADDING)).toBeUndefined();
    expect(rowsOf(INPUTS, odd, true, PADDING)).toEqual(rowsOf(INPUTS, odd, true));
  });
});

describe('a joint run', () => {
  const sizes = fc.record({ rows: fc.integer({ min: 1, max: 3 }), length: fc.integer({ min: 1, max: 6 }) });

  it('gives every member what it brought, from a graph that answers what it is fed', () => {
    fc.assert(
      fc.property(fc.array(sizes, { minLength: 1, maxLength: 5 }), (members) => {
        const longest = Math.max(...members.map(({ length }) => length));
        const feeds = members.map(({ rows, length }, i) => request(rows, length, i * 10));
        const joint = concatPadded(feeds, PADDING, longest);
        let at = 0;
        members.forEach(({ rows, length }, i) => {
          const from = at;
          at += rows;
          const own = [...joint.values()].map((tensor) => sliceRows(tensor, from, at));
          const cut = cutResults(own, [...joint.keys()], PADDING, longest, length);
          expect(cut).toEqual([...(feeds[i] as Map<string, Tensor>).values()]);
        });
      }),
    );
  });

  it('fills up with the value that is declared, behind the end', () => {
    const joint = concatPadded([request(1, 1, 5), request(1, 2, 8)], PADDING, 2);
    expect(joint.get('tokens')?.data).toEqual(Float32Array.of(5, 6, -1, -1, 8, 9, 10, 11));
    expect(joint.get('pairs')?.data).toEqual(BigInt64Array.of(5n, 7n, 7n, 7n, 8n, 9n, 10n, 11n));
    expect(joint.get('whole')?.shape).toEqual([2, 3]);
  });

  it('says so where an output is not as long as the inputs', () => {
    const tokens = request(1, 5, 0).get('tokens') as Tensor;
    const thrown = expect.objectContaining({ code: 'FAILED_PRECONDITION', message: expect.stringContaining('tokens') });
    expect(() => cutResults([tokens], ['tokens'], PADDING, 6, 4)).toThrow(thrown);
  });
});

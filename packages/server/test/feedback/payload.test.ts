import type { Tensor } from '@floe/graph/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Input, packInputs, unpackInputs } from '../../src/feedback/payload.ts';

const nothing = new Set<string>();
const pixels: Tensor = { dtype: 'uint8', shape: [1, 3], data: Uint8Array.of(1, 2, 3) };
const inputs = new Map<string, Input>([
  ['x', { dtype: 'float32', shape: [2, 2], data: Float32Array.of(1, Number.NaN, -0, 4) }],
  ['half', { dtype: 'bfloat16', shape: [1], data: Uint16Array.of(0x3f80) }],
  ['wide', { dtype: 'int64', shape: [], data: BigInt64Array.of(-(2n ** 63n)) }],
  ['words', { dtype: 'string', shape: [3], data: [Buffer.from('one'), Buffer.from(''), Buffer.from('three')] }],
  ['picture', { images: [Buffer.from([0x89, 0x50]), Buffer.from([0xff])] }],
  ['none', { dtype: 'float32', shape: [0, 4], data: new Float32Array(0) }],
  ['pixels', pixels],
]);

/** Comparable whatever array a byte string lies in. */
function plain(all: ReadonlyMap<string, Input>): unknown {
  const bytes = (items: readonly Uint8Array[]): string[] => items.map((one) => Buffer.from(one).toString('hex'));
  return [...all]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, input]) => {
      if ('images' in input) return [name, bytes(input.images)];
      const { dtype, shape, data } = input;
      return [
        name,
        dtype,
        shape,
        dtype === 'string' ? bytes(data as readonly Uint8Array[]) : [...(data as Float32Array)],
      ];
    });
}

describe('inputs as one run of bytes', () => {
  it('come back as they were, numbers bit by bit, strings and images by their bytes', () => {
    expect(plain(unpackInputs(packInputs(inputs, nothing), 'payload'))).toEqual(plain(inputs));
  });

  it('are the same bytes whatever the order of the names', () => {
    const turned = new Map([...inputs].reverse());
    expect(packInputs(turned, nothing).equals(packInputs(inputs, nothing))).toBe(true);
  });

  it("are a copy: what becomes of the request's memory does not matter", () => {
    const data = Float32Array.of(1);
    const packed = packInputs(new Map<string, Input>([['x', { dtype: 'float32', shape: [1], data }]]), nothing);
    data[0] = 2;
    expect(plain(unpackInputs(packed, 'payload'))).toEqual([['x', 'float32', [1], [1]]]);
  });

  it('lack what has to be left out', () => {
    const kept = unpackInputs(packInputs(inputs, new Set(['words', 'picture'])), 'payload');
    expect([...kept.keys()].sort()).toEqual(['half', 'none', 'pixels', 'wide', 'x']);
  });

  it('begin with a header as safetensors has it', () => {
    const packed = packInputs(new Map<string, Input>([['pixels', pixels]]), nothing);
    const length = Number(packed.readBigUInt64LE());
    expect(length % 8).toBe(0);
    expect(JSON.parse(packed.toString('utf8', 8, 8 + length))).toEqual({
      pixels: { dtype: 'U8', shape: [1, 3], data_offsets: [0, 3] },
      __metadata__: { 'floe.lists': '{}' },
    });
  });

  it('that are damaged are refused with a typed error, whatever the damage', () => {
    const packed = packInputs(inputs, nothing);
    const damage = fc.record({ at: fc.nat(packed.length - 1), to: fc.nat(255), cut: fc.nat(packed.length) });
    fc.assert(
      fc.property(damage, ({ at, to, cut }) => {
        const copy = Buffer.from(packed);
        copy[at] = to;
        for (const bytes of [copy, copy.subarray(0, cut)]) {
          try {
            unpackInputs(bytes, 'payload');
          } catch (error) {
            expect(error).toMatchObject({ code: 'DATA_LOSS' });
          }
        }
      }),
    );
    expect(() => unpackInputs(packed.subarray(0, 4), 'payload')).toThrow('payload');
  });
});

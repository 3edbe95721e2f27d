import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FloeError } from '../../src/errors.ts';
import { readExample } from '../../src/example/decode.ts';
import { type ParseConfig, parseExamples } from '../../src/example/parse.ts';
import { Example, type Feature } from '../../src/proto/tensorflow.ts';
import { damaged } from '../support/damage.ts';
import { tensor } from '../support/nodes.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const NOTHING = { bytes_list: undefined, float_list: undefined, int64_list: undefined };
const floats = (...value: number[]): Feature => ({ ...NOTHING, float_list: { value: Float32Array.from(value) } });
const ints = (...value: number[]): Feature => ({ ...NOTHING, int64_list: { value: value.map(BigInt) } });
const strings = (...value: string[]): Feature => ({ ...NOTHING, bytes_list: { value: value.map(text) } });
const example = (feature: Readonly<Record<string, Feature>>): Uint8Array =>
  Example.encode({ features: { feature: new Map(Object.entries(feature)) } });

const feature: fc.Arbitrary<Feature> = fc.oneof(
  fc.array(fc.float({ noNaN: true })).map((values) => floats(...values)),
  fc
    .array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))
    .map((value) => ({ ...NOTHING, int64_list: { value } })),
  fc.array(fc.uint8Array()).map((value) => ({ ...NOTHING, bytes_list: { value } })),
  fc.constant(NOTHING),
);
const features = fc.dictionary(fc.string(), feature, { maxKeys: 5, noNullPrototype: true });

describe('reading an Example', () => {
  it('gives what was written', () => {
    fc.assert(
      fc.property(features, (written) => {
        const read = readExample(example(written));
        expect([...read.keys()].sort()).toEqual(Object.keys(written).sort());
        for (const [name, { bytes_list: bytes, float_list: numbers, int64_list: wide }] of Object.entries(written)) {
          const wanted = bytes?.value ?? numbers?.value ?? (wide && BigInt64Array.from(wide.value));
          expect(read.get(name)?.values).toEqual(wanted);
        }
      }),
    );
  });

  it('reads lists that are not packed, and the last of two entries and of two kinds', () => {
    const loose = '0a150a130a0161120e120c0d0000803f0d000000400801';
    expect(readExample(Buffer.from(loose, 'hex')).get('a')?.values).toEqual(Float32Array.of(1, 2));
    const twice = Buffer.concat([example({ a: floats(1) }), example({ a: ints(2) })]);
    expect(readExample(twice).get('a')).toEqual({ kind: 'int64', values: BigInt64Array.of(2n) });
  });

  it('keeps strings where they lie', () => {
    const bytes = example({ a: strings('lies here') });
    const values = readExample(bytes).get('a')?.values as readonly Uint8Array[];
    expect(values[0]?.buffer).toBe(bytes.buffer);
  });

  it('decodes only what is wanted', () => {
    const bytes = example({ a: floats(1), b: floats(2) });
    expect([...readExample(bytes, (name) => name === 'b').keys()]).toEqual(['b']);
  });

  it('takes any bytes, and either reads them or says that they are no Example', () => {
    const sound = example({ a: floats(1, 2), b: strings('x', 'y'), c: ints(1, -1, 2 ** 40) });
    fc.assert(
      fc.property(fc.oneof(damaged(sound), fc.uint8Array()), (bytes) => {
        try {
          readExample(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(FloeError);
          expect((error as FloeError).code).toBe('INVALID_ARGUMENT');
          expect((error as FloeError).message).toMatch(/^Could not parse example input, value: '/);
        }
      }),
      { numRuns: 500 },
    );
  });
});

const NONE: ParseConfig = { dense: [], sparse: [], ragged: [] };
const dense = (
  key: string,
  dtype: 'float32' | 'int64' | 'string',
  shape: number[],
  ...fallback: number[]
): ParseConfig => ({
  ...NONE,
  dense: [{ key, dtype, shape, fallback: tensor(dtype, [fallback.length], fallback) }],
});

describe('parsing examples', () => {
  it('stacks dense features, takes defaults, and pads those of varying length', () => {
    const rows = [example({ a: floats(1, 2) }), example({})];
    const fixed = parseExamples(rows, [], dense('a', 'float32', [2], 8, 9)).dense[0];
    expect(fixed).toEqual(tensor('float32', [2, 2], [1, 2, 8, 9]));
    const varying = [example({ a: ints(1, 2, 3, 4) }), example({ a: ints(5, 6) }), example({})];
    const padded = parseExamples(varying, [], dense('a', 'int64', [-1, 2], -1)).dense[0];
    expect(padded).toEqual(tensor('int64', [3, 2, 2], [1, 2, 3, 4, 5, 6, -1, -1, -1, -1, -1, -1]));
  });

  it('makes sparse and ragged tensors', () => {
    const rows = [example({ a: strings('x', 'y') }), example({}), example({ a: strings('z') })];
    const list = { key: 'a', dtype: 'string' } as const;
    const { sparse, ragged } = parseExamples(rows, [], {
      dense: [],
      sparse: [list],
      ragged: [{ ...list, splits: 'int32' }],
    });
    expect(sparse[0]).toEqual({
      indices: tensor('int64', [3, 2], [0, 0, 0, 1, 2, 0]),
      values: tensor('string', [3], ['x', 'y', 'z']),
      shape: tensor('int64', [2], [3, 2]),
    });
    expect(ragged[0]).toEqual({
      values: tensor('string', [3], ['x', 'y', 'z']),
      splits: tensor('int32', [4], [0, 2, 2, 3]),
    });
  });

  it.each([
    [dense('a', 'float32', [1]), {}, 'Name: row, Feature: a (data type: float) is required but could not be found.'],
    [
      dense('a', 'float32', [1]),
      { a: NOTHING },
      'Name: row, Feature: a (data type: float) is required but could not be found.',
    ],
    [
      dense('a', 'float32', [1]),
      { a: ints(1) },
      "Name: row, Key: a, Index: 0.  Data types don't match. Data type: int64 but expected type: float",
    ],
    [
      dense('a', 'string', [3]),
      { a: strings('x') },
      'Name: row, Key: a, Index: 0.  Number of bytes values != expected.  Values size: 1 but output shape: [3]',
    ],
    [
      dense('a', 'float32', [-1, 2], 0),
      { a: floats(1, 2, 3) },
      'Name: row, Key: a, Index: 0.  Number of float values is not a multiple of stride length. Saw 3 values but output shape is: [?,2]',
    ],
    [
      { ...NONE, sparse: [{ key: 'a', dtype: 'float32' as const }] },
      { a: ints(1) },
      "Name: row, Key: a, Index: 0.  Data types don't match. Expected type: float, Actual type: int64",
    ],
  ])('says what TensorFlow says (case %#)', (config, row, message) => {
    expect(() => parseExamples([example(row)], ['row'], config)).toThrow(message);
  });

  it('names no number where the example comes alone', () => {
    const alone = (row: Record<string, Feature>) => () =>
      parseExamples([example(row)], [], dense('a', 'float32', [1]), true);
    expect(alone({})).toThrow(/^Feature: a \(data type: float\) is required but could not be found\.$/);
    expect(alone({ a: floats(1, 2) })).toThrow(
      /^Key: a\. {2}Can't parse serialized Example: Some float_list slice was not parsed\.$/,
    );
  });

  it('refuses padding that would fill the memory', () => {
    const long = example({ a: floats(...new Array<number>(1 << 15).fill(1)) });
    const rows = [long, ...new Array<Uint8Array>(1 << 14).fill(example({}))];
    expect(() => parseExamples(rows, [], dense('a', 'float32', [-1]))).toThrow(/padded to 32768 elements/);
  });
});

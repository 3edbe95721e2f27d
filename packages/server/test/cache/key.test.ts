import { hash } from 'node:crypto';
import type { DType, Tensor } from '@floe/graph';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contractOf, expandedOutputs, usesKeysOnly } from '../../src/cache/contract.ts';
import { encodeCall, type KeyParts, PieceWriter, ROOM } from '../../src/cache/encoding.ts';
import { keyOf } from '../../src/cache/key.ts';
import type { KnownCall, KnownInput, ServableInfo } from '../../src/core/inference.ts';
import { servableOf } from './fixture.ts';

const PARTS: KeyParts = { model: 'm', epoch: 0, contract: 'c', scope: undefined, outputs: ['y'] };

function encodingOf(call: KnownCall, parts: KeyParts): Buffer {
  const pieces: Buffer[] = [];
  const writer = new PieceWriter(Buffer.allocUnsafe(ROOM), (piece) => pieces.push(Buffer.from(piece)));
  for (const _ of encodeCall(call, parts, writer));
  return Buffer.concat(pieces);
}

const callOf = (inputs: Readonly<Record<string, KnownInput>>): KnownCall => ({
  inputs: new Map(Object.entries(inputs)),
});
const float = (shape: readonly number[], ...values: number[]): Tensor => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from(values),
});
const strings = (...texts: string[]): Tensor => ({
  dtype: 'string',
  shape: [texts.length],
  data: texts.map((text) => Buffer.from(text)),
});

/** Few letters, and those that separate things elsewhere: names that run into each other are common. */
const name = fc.string({ unit: fc.constantFrom('a', 'b', ':', ',', '/', '\0', '\ud800', 'é'), maxLength: 3 });
const bytes = fc.uint8Array({ maxLength: 3 });
const shapeOf = (size: number): fc.Arbitrary<readonly number[]> =>
  fc.constantFrom<(readonly number[])[]>([size], [1, size], [size, 1], [1, 1, size]);
const tensor = fc.oneof(
  bytes.chain((data) => shapeOf(data.length).map((shape): Tensor => ({ dtype: 'uint8', shape, data }))),
  bytes.chain((data) => shapeOf(data.length).map((shape): Tensor => ({ dtype: 'bool', shape, data }))),
  bytes.map((data): Tensor => ({ dtype: 'int8', shape: [data.length], data: new Int8Array(data) })),
  fc.array(bytes, { maxLength: 3 }).map((data): Tensor => ({ dtype: 'string', shape: [data.length], data })),
);
const input: fc.Arbitrary<KnownInput> = fc.oneof(
  tensor,
  name.map((digest): KnownInput => ({ images: [], digest })),
);
const question = fc.record({
  model: name,
  epoch: fc.nat(2),
  contract: name,
  scope: fc.option(fc.nat(2), { nil: undefined }),
  outputs: fc.uniqueArray(name, { maxLength: 3 }).map((names) => names.sort()),
  inputs: fc.dictionary(name, input, { maxKeys: 3 }),
});

/** The same as a value that can be compared. */
function plain({ inputs, ...parts }: KeyParts & { readonly inputs: Readonly<Record<string, KnownInput>> }): unknown {
  const values = Object.entries(inputs).map(([key, value]): unknown => {
    if ('images' in value) return [key, 'images', value.digest];
    const { dtype, shape, data } = value;
    return [
      key,
      dtype,
      shape,
      Array.from(data as ArrayLike<unknown>, (item) => (item instanceof Uint8Array ? [...item] : item)),
    ];
  });
  return [{ ...parts, scope: parts.scope ?? null }, values.sort()];
}

it('two calls share an encoding only if they are the same', () => {
  fc.assert(
    fc.property(question, question, (a, b) => {
      const isSame = encodingOf(callOf(a.inputs), a).equals(encodingOf(callOf(b.inputs), b));
      expect(isSame).toBe(JSON.stringify(plain(a)) === JSON.stringify(plain(b)));
    }),
    { numRuns: 3000 },
  );
});

it('the key is SHA-256 of the encoding, and the order of inputs makes no difference', () => {
  fc.assert(
    fc.property(question, (a) => {
      const reversed = Object.fromEntries(Object.entries(a.inputs).reverse());
      expect(keyOf(callOf(a.inputs), a)).toBe(hash('sha256', encodingOf(callOf(a.inputs), a), 'hex'));
      expect(keyOf(callOf(reversed), a)).toBe(keyOf(callOf(a.inputs), a));
    }),
  );
});

describe('calls that must not share a key', () => {
  const base = callOf({ x: float([2, 2], 1, 2, 3, 4) });
  it.each<[string, KnownCall, KeyParts]>([
    ['another shape', callOf({ x: float([4], 1, 2, 3, 4) }), PARTS],
    [
      'another dtype with the same bytes',
      callOf({
        x: {
          ...float([2, 2]),
          dtype: 'int32',
          data: new Int32Array(Float32Array.of(1, 2, 3, 4).buffer),
        },
      }),
      PARTS,
    ],
    ['another value', callOf({ x: float([2, 2], 1, 2, 3, 4 + 1e-6) }), PARTS],
    ['another name', callOf({ z: float([2, 2], 1, 2, 3, 4) }), PARTS],
    ['another model', base, { ...PARTS, model: 'n' }],
    ['another contract', base, { ...PARTS, contract: 'd' }],
    ['another epoch', base, { ...PARTS, epoch: 1 }],
    ['version 0 alone', base, { ...PARTS, scope: 0 }],
    ['other outputs', base, { ...PARTS, outputs: ['y', 'z'] }],
  ])('%s', (_, call, parts) => {
    expect(keyOf(call, parts)).not.toBe(keyOf(base, PARTS));
  });

  it('strings that are the same when joined', () => {
    expect(keyOf(callOf({ x: strings('ab', 'c') }), PARTS)).not.toBe(keyOf(callOf({ x: strings('a', 'bc') }), PARTS));
  });
});

it.each([0, 1, 2047, 2048, 2049, 4095, 4096, 4097, 100_000])('digests %i bytes as they are encoded', (size) => {
  const data = Uint8Array.from({ length: size }, (_, i) => i);
  const call = callOf({ x: { dtype: 'uint8', shape: [size], data } });
  expect(keyOf(call, PARTS)).toBe(hash('sha256', encodingOf(call, PARTS), 'hex'));
});

it.each<[string, Tensor]>([
  ['many bytes', { dtype: 'uint8', shape: [20_000_000], data: new Uint8Array(20_000_000).fill(7) }],
  ['many strings', strings(...Array.from({ length: 40_000 }, (_, i) => `text ${i}`))],
])('gives others their turn while it digests %s', async (_, value) => {
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  const late = keyOf(callOf({ x: value }), PARTS);
  expect(late).toBeInstanceOf(Promise);
  setImmediate(count);
  // Others use the encoder meanwhile.
  expect(keyOf(callOf({ x: float([1], 1) }), PARTS)).toHaveLength(64);
  const key = await late;
  isDone = true;
  expect(turns).toBeGreaterThanOrEqual(2);
  expect(key).toBe(hash('sha256', encodingOf(callOf({ x: value }), PARTS), 'hex'));
});

describe('the contract', () => {
  const servable = servableOf(1);
  const call = callOf({ x: float([1], 1) });
  const changed = (change: Partial<ServableInfo>): string => contractOf({ ...servableOf(2), ...change }, call).digest;
  const { serving_default: signature } = servable.signatures;

  it('is the same for another version, whatever its graph calls the tensors', () => {
    const renamed = {
      ...signature,
      outputs: { y: { name: 'dense_7/Softmax:0', dtype: 'float32' as DType, shape: [-1, 4] } },
    };
    expect(changed({})).toBe(contractOf(servable, call).digest);
    expect(
      changed({ signatures: { serving_default: { ...renamed, inputs: signature?.inputs ?? {}, methodName: '' } } }),
    ).toBe(
      changed({
        signatures: {
          serving_default: {
            inputs: signature?.inputs ?? {},
            outputs: { y: { name: 'y:0', dtype: 'float32', shape: [-1, 4] } },
            methodName: '',
          },
        },
      }),
    );
  });

  it.each<[string, Partial<ServableInfo>]>([
    ['labels', { labels: ['cat', 'dog'] }],
    [
      'preprocessing',
      {
        preprocessing: {
          serving_default: {
            x: {
              size: [2, 2],
              channels: 1,
              fit: 'fill',
              resize: 'fast',
              colour: 'grey',
              scale: [1],
              offset: [0],
              layout: 'NHWC',
              invert: false,
            },
          },
        },
      },
    ],
    [
      'a default signature of another name',
      { defaultSignature: 'other', signatures: { other: { inputs: {}, outputs: {}, methodName: '' } } },
    ],
  ])('differs with other %s', (_, change) => {
    expect(changed(change)).not.toBe(contractOf(servable, call).digest);
  });

  it('expands and normalises outputs, and knows the names of the signature', () => {
    const contract = contractOf(servable, call);
    expect(expandedOutputs(call, contract)).toEqual(['y', 'z']);
    expect(expandedOutputs({ ...call, outputs: ['z', 'y', 'z'] }, contract)).toEqual(['y', 'z']);
    expect(usesKeysOnly(call, contract)).toBe(true);
    expect(usesKeysOnly({ ...call, outputs: ['z', 'hidden/Relu:0'] }, contract)).toBe(false);
    expect(usesKeysOnly(callOf({ 'x:0': float([1], 1) }), contract)).toBe(false);
  });

  it('of a signature that is not there is empty, inherited names included', () => {
    for (const key of ['missing', 'constructor', '__proto__']) {
      expect(contractOf(servable, { ...call, signature: key }).outputs).toEqual([]);
    }
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FloeError } from '../../src/errors.ts';
import { type Message, many, map, message, one, optional } from '../../src/proto/message.ts';
import { doubles, floats } from '../../src/proto/numbers.ts';
import { GraphDef } from '../../src/proto/tensorflow.ts';
import { WireReader } from '../../src/proto/wire.ts';

interface Tree {
  readonly text: string;
  readonly whole: bigint;
  readonly natural: bigint;
  readonly count: number;
  readonly flag: boolean;
  readonly bytes: Uint8Array;
  readonly small: readonly number[];
  readonly large: readonly bigint[];
  readonly real: Float32Array;
  readonly long: Float64Array;
  readonly words: readonly string[];
  readonly inner: Tree | undefined;
  readonly children: readonly Tree[];
  readonly named: ReadonlyMap<string, Tree>;
}
const Tree: Message<Tree> = message<Tree>('Tree', {
  text: one(1, 'string'),
  whole: one(2, 'int64'),
  natural: one(3, 'uint64'),
  count: one(4, 'size'),
  flag: one(5, 'bool'),
  bytes: one(6, 'bytes'),
  small: many(7, 'int32'),
  large: many(8, 'int64'),
  real: floats(9),
  long: doubles(10),
  words: many(11, 'string'),
  inner: optional(12, () => Tree),
  children: many(13, () => Tree),
  named: map(14, () => Tree),
});

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
/** Trees whose nested messages are `inner`. */
function treeOf(inner: fc.Arbitrary<Tree> | undefined): fc.Arbitrary<Tree> {
  return fc.record({
    text: fc.string({ unit: 'binary' }),
    whole: int64,
    natural: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    count: fc.maxSafeInteger(),
    flag: fc.boolean(),
    // Around the size from which bytes are kept by reference.
    bytes: fc.oneof(
      fc.uint8Array(),
      fc.constantFrom(4095, 4096, 4097, 70_000).map((size) => new Uint8Array(size).fill(7)),
    ),
    small: fc.array(fc.integer()),
    large: fc.array(int64),
    real: fc.float32Array(),
    long: fc.float64Array(),
    words: fc.array(fc.string()),
    inner: inner === undefined ? fc.constant(undefined) : fc.option(inner, { nil: undefined }),
    children: inner === undefined ? fc.constant([]) : fc.array(inner, { maxLength: 3 }),
    named: inner === undefined ? fc.constant(new Map()) : fc.tuple(fc.string(), inner).map((entry) => new Map([entry])),
  });
}
const tree = treeOf(treeOf(treeOf(undefined)));

test('a message is decoded as it was encoded', () => {
  fc.assert(
    fc.property(tree, (value) => {
      expect(Tree.decode(Tree.encode(value), 'x')).toEqual(value);
    }),
    { numRuns: 60 },
  );
});

test('the pieces of a message are its encoding', () => {
  fc.assert(
    fc.property(tree, (value) => {
      expect(Buffer.concat(Tree.chunks(value))).toEqual(Buffer.from(Tree.encode(value)));
    }),
    { numRuns: 60 },
  );
});

test.each([
  ['a single byte', [0x05], 5n],
  ['28 bits', [0xff, 0xff, 0xff, 0x7f], 2n ** 28n - 1n],
  ['29 bits', [0x80, 0x80, 0x80, 0x80, 0x01], 2n ** 28n],
  ['32 bits', [0xff, 0xff, 0xff, 0xff, 0x0f], 2n ** 32n - 1n],
  ['63 bits', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], 2n ** 63n - 1n],
  ['minus one', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], -1n],
  ['zero with superfluous bytes', [0x80, 0x80, 0x00], 0n],
])('a varint of %s is exact', (_, bytes, value) => {
  expect(new WireReader(Uint8Array.from(bytes), 'x').varint()).toBe(value);
});

test('bytes and aligned floats are views of the file, not copies', () => {
  const encoded = Tree.encode({
    ...Tree.decode(new Uint8Array(0), 'x'),
    bytes: new Uint8Array(100).fill(1),
    real: new Float32Array(64),
  });
  const decoded = Tree.decode(encoded, 'x');
  expect(decoded.bytes.buffer).toBe(encoded.buffer);
});

test('the payload of a NaN survives', () => {
  const bits = Uint32Array.of(0x7fa00001, 0xffc12345, 0x80000000);
  const value = { ...Tree.decode(new Uint8Array(0), 'x'), real: new Float32Array(bits.buffer) };
  const { real } = Tree.decode(Tree.encode(value), 'x');
  expect(new Uint32Array(real.slice().buffer)).toEqual(bits);
});

test.each([
  ['a varint of 11 bytes', [0x10, ...new Array<number>(11).fill(0x80)]],
  ['a varint that is cut off', [0x10, 0x80]],
  ['a length beyond the end', [0x0a, 0x05, 0x61]],
  ['a length of 2 GiB', [0x32, 0xff, 0xff, 0xff, 0xff, 0x07]],
  ['a length of more than 32 bits', [0x32, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
  ['another wire type than the field has', [0x0d, 0, 0, 0, 0]],
  ['a wire type that does not exist', [0x0f]],
  ['floats that are cut off', [0x4a, 0x03, 0, 0, 0]],
])('%s is DATA_LOSS that names file and offset', (_, bytes) => {
  const read = () => Tree.decode(Uint8Array.from(bytes), 'file.pb');
  expect(read).toThrow(
    expect.objectContaining({ code: 'DATA_LOSS', details: [expect.objectContaining({ file: 'file.pb' })] }),
  );
});

test('messages nested over 100 deep are refused instead of overflowing the stack', () => {
  let bytes = new Uint8Array(0);
  for (let i = 0; i < 1000; i++) bytes = Uint8Array.from([0x62, ...lengthOf(bytes.byteLength), ...bytes]);
  expect(() => Tree.decode(bytes, 'x')).toThrow(/nested more than 100 deep/);
});

function lengthOf(value: number): number[] {
  return value < 128 ? [value] : [(value & 0x7f) | 0x80, value >>> 7];
}

test('whatever the bytes are, only FloeErrors are thrown', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      for (const kind of [Tree, GraphDef]) {
        try {
          kind.decode(bytes, 'x');
        } catch (error) {
          expect(error).toBeInstanceOf(FloeError);
        }
      }
    }),
    { numRuns: 600 },
  );
});

test('decodes equal texts and equal short map entries once, each for its own field', () => {
  const empty = Tree.decode(new Uint8Array(0), 'x');
  const leaf = { ...empty, text: 'leaf', words: ['leaf', 'leaf'] };
  const bytes = Tree.encode({
    ...empty,
    children: [leaf, leaf],
    named: new Map([['a', leaf]]),
    inner: { ...empty, named: new Map([['a', leaf]]) },
  });
  const tree = Tree.decode(bytes, 'x');
  expect(tree.children).toEqual([leaf, leaf]);
  expect(tree.named.get('a')).toEqual(leaf);
  expect(tree.inner?.named.get('a')).toBe(tree.named.get('a'));
});

test('tells runs of bytes apart that hash alike or fall on one place', () => {
  const words = Array.from({ length: 60_000 }, (_, i) => `word ${i % 30_000}`);
  const bytes = Tree.encode({ ...Tree.decode(new Uint8Array(0), 'x'), words });
  expect(Tree.decode(bytes, 'x').words).toEqual(words);
});

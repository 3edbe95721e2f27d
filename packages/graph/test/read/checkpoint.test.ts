import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FloeError } from '../../src/errors.ts';
import { readMetaGraph } from '../../src/read/meta-graph.ts';
import { sliceKey } from '../../src/read/ordered-code.ts';
import { openBundle } from '../../src/read/tensor-bundle.ts';
import { describeTensor, expectedTensors, filesOf, memoryFiles } from './golden.ts';

const FILES = filesOf('checkpoint');
const EXPECTED = expectedTensors('checkpoint');
const PREFIX = 'model-17';

/** The checkpoint with some of its files changed. */
function changed(changes: Readonly<Record<string, Uint8Array | undefined>>) {
  const files = new Map(FILES);
  for (const [path, bytes] of Object.entries(changes)) {
    if (bytes === undefined) files.delete(path);
    else files.set(path, bytes);
  }
  return memoryFiles(files);
}

function flipped(path: string, at: number): Uint8Array {
  const bytes = (FILES.get(path) as Uint8Array).slice();
  bytes[at] = (bytes[at] as number) ^ 0x40;
  return bytes;
}

test('every tensor of a checkpoint is what TensorFlow reads: all dtypes, strings, slices and odd bits', async () => {
  const bundle = await openBundle(memoryFiles(FILES), PREFIX);
  expect([...bundle.keys].sort()).toEqual(Object.keys(EXPECTED));
  for (const key of bundle.keys) expect(describeTensor(await bundle.read({ key })), key).toEqual(EXPECTED[key]);
});

test('a slice is read from the stored slices that it overlaps', async () => {
  const bundle = await openBundle(memoryFiles(FILES), PREFIX);
  const whole = await bundle.read({ key: 'part/w' });
  const part = await bundle.read({ key: 'part/w', slice: { start: [2, 1], length: [4, 2] } });
  const rows = [2, 3, 4, 5].flatMap((row) => [1, 2].map((column) => whole.data[row * 4 + column]));
  expect(part).toEqual({ dtype: 'float32', shape: [4, 2], data: Float32Array.from(rows as number[]) });
});

test.each([
  ['beyond the end', { start: [5, 0], length: [3, 4] }],
  ['of another rank', { start: [0], length: [7] }],
  ['with a negative start', { start: [-1, 0], length: [2, 4] }],
])('a slice %s is an error', async (_, slice) => {
  const bundle = await openBundle(memoryFiles(FILES), PREFIX);
  await expect(bundle.read({ key: 'part/w', slice })).rejects.toMatchObject({ code: 'DATA_LOSS' });
});

// Literal codes from TensorFlow's ordered_code_test.cc and by hand.
test('the key of a slice is in ordered code', () => {
  expect(
    sliceKey('w', {
      extent: [
        { start: 0, length: 64 },
        { start: 0, length: undefined },
      ],
    }),
  ).toBe('\x00w\x00\x01\x01\x02\x80\xc0\x40\x80\x7f');
  expect(sliceKey('\x00\xff', { extent: [] })).toBe('\x00\x00\xff\xff\x00\x00\x01\x00');
});

test('a key that does not exist is NOT_FOUND with those that are near', async () => {
  const bundle = await openBundle(memoryFiles(FILES), PREFIX);
  await expect(bundle.read({ key: 'part/v' })).rejects.toThrow(/near: part\/w/);
});

test('a flipped bit in a shard is found by its checksum', async () => {
  for (const [path, bytes] of FILES) {
    if (!path.includes('.data-') || bytes.byteLength === 0) continue;
    const bundle = await openBundle(changed({ [path]: flipped(path, 0) }), PREFIX);
    const reads = await Promise.allSettled(bundle.keys.map((key) => bundle.read({ key })));
    const failed = reads.filter((read) => read.status === 'rejected').map(({ reason }) => reason as FloeError);
    expect(
      failed.map(({ code }) => code),
      path,
    ).toEqual(['DATA_LOSS']);
  }
});

test('a flipped bit anywhere in the index is found', async () => {
  const index = `${PREFIX}.index`;
  for (let at = 0; at < (FILES.get(index) as Uint8Array).byteLength; at++) {
    // Padding between the footer's handles and its magic number means nothing.
    const opened = openBundle(changed({ [index]: flipped(index, at) }), PREFIX);
    const outcome = await opened.then(
      ({ keys }) => [...keys].sort(),
      (error: FloeError) => error.code,
    );
    expect([['DATA_LOSS', 'OUT_OF_RANGE'], Object.keys(EXPECTED)].flat(), `byte ${at}`).toEqual(
      expect.arrayContaining([outcome].flat()),
    );
  }
});

test.each([
  ['a shard that is missing', { [`${PREFIX}.data-00001-of-00003`]: undefined }, 'NOT_FOUND'],
  ['an index that is missing', { [`${PREFIX}.index`]: undefined }, 'NOT_FOUND'],
  ['an empty index', { [`${PREFIX}.index`]: new Uint8Array(0) }, 'DATA_LOSS'],
  ['an index that is another kind of file', { [`${PREFIX}.index`]: new Uint8Array(100) }, 'DATA_LOSS'],
  ['a graph that is missing', { [`${PREFIX}.meta`]: undefined }, 'NOT_FOUND'],
  [
    'a graph that is cut off',
    { [`${PREFIX}.meta`]: (FILES.get(`${PREFIX}.meta`) as Uint8Array).subarray(0, 999) },
    'DATA_LOSS',
  ],
  ['a checkpoint of version 1', { [`${PREFIX}.index`]: undefined, [PREFIX]: new Uint8Array(9) }, 'UNIMPLEMENTED'],
])('%s is a typed error', async (_, changes, code) => {
  await expect(readMetaGraph(changed(changes), `${PREFIX}.meta`)).rejects.toMatchObject({ code });
});

test('a shard that is cut off is DATA_LOSS', async () => {
  const path = `${PREFIX}.data-00001-of-00003`;
  const bundle = await openBundle(changed({ [path]: (FILES.get(path) as Uint8Array).subarray(0, 40) }), PREFIX);
  const reads = await Promise.allSettled(bundle.keys.map((key) => bundle.read({ key })));
  const codes = reads.flatMap((read) => (read.status === 'rejected' ? [(read.reason as FloeError).code] : []));
  expect(new Set(codes)).toEqual(new Set(['DATA_LOSS']));
});

test('whatever the index holds, only FloeErrors are thrown', async () => {
  const index = FILES.get(`${PREFIX}.index`) as Uint8Array;
  const change = fc.tuple(fc.nat(index.byteLength - 1), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 5 }), fc.nat(40), async (changes, cut) => {
      const bytes = index.slice(cut);
      for (const [at, value] of changes) bytes[at % bytes.byteLength] = value;
      const error = await openBundle(changed({ [`${PREFIX}.index`]: bytes }), PREFIX).catch(
        (thrown: unknown) => thrown,
      );
      if (error instanceof Error) expect(error).toBeInstanceOf(FloeError);
    }),
    { numRuns: 500 },
  );
});

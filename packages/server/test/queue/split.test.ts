import { DTYPES, type DType, numericView, type Tensor } from '@floe/graph';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { chunkRows, type FittedCost, joins } from '../../src/queue/chunks.ts';
import { concatFeeds, concatResults, concatRows, haveRows, sliceFeeds, sliceRows } from '../../src/queue/split.ts';
import { rowsOf } from '../../src/queue/work.ts';

const dtypes = (Object.keys(DTYPES) as DType[]).filter((dtype) => DTYPES[dtype].v2 !== '');

/** Tensors of any dtype with 1 to 12 rows of any shape, empty rows among them. */
const tensors: fc.Arbitrary<Tensor> = fc
  .record({
    dtype: fc.constantFrom(...dtypes),
    rows: fc.integer({ min: 1, max: 12 }),
    tail: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
    seed: fc.nat(255),
  })
  .map(({ dtype, rows, tail, seed }) => {
    const size = tail.reduce((product, dim) => product * dim, rows);
    const bytes = Uint8Array.from({ length: size * Math.max(1, DTYPES[dtype].size) }, (_, i) => (seed + i * 7) % 256);
    const data = dtype === 'string' ? Array.from(bytes, (byte) => Uint8Array.of(byte)) : numericView(dtype, bytes);
    return { dtype, shape: [rows, ...tail], data };
  });

it('cuts a tensor into any pieces, without a copy, and puts it together again', () => {
  fc.assert(
    fc.property(
      tensors,
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 12, maxLength: 12 }),
      (tensor, sizes) => {
        const pieces: Tensor[] = [];
        const rows = tensor.shape[0] ?? 0;
        for (let from = 0; from < rows; ) {
          const to = Math.min(rows, from + (sizes[pieces.length] ?? 1));
          pieces.push(sliceRows(tensor, from, to));
          from = to;
        }
        for (const { data } of pieces) {
          if (ArrayBuffer.isView(data)) expect(data.buffer).toBe((tensor.data as Uint8Array).buffer);
        }
        expect(concatRows(pieces)).toEqual(tensor);
      },
    ),
  );
});

it('does the same to all feeds and to all results of a call', () => {
  const x: Tensor = { dtype: 'float32', shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
  const name: Tensor = { dtype: 'string', shape: [3], data: ['a', 'b', 'c'].map((text) => Buffer.from(text)) };
  const feeds = new Map([
    ['x', x],
    ['name', name],
  ]);
  const halves = [sliceFeeds(feeds, 0, 1), sliceFeeds(feeds, 1, 3)];
  expect(concatFeeds(halves)).toEqual(feeds);
  expect(concatResults(halves.map((half) => [...half.values()]))).toEqual([x, name]);
  expect([haveRows([x, name], 3), haveRows([x, name], 2)]).toEqual([true, false]);
});

it('refuses to put together what does not belong together', () => {
  const row = (shape: number[], dtype: DType = 'float32'): Tensor => ({
    dtype,
    shape,
    data: new Float32Array(shape[1] ?? 0),
  });
  expect(() => concatRows([row([1, 2]), row([1, 3])])).toThrow('rows of different shapes: [1,2], [1,3]');
  expect(() => concatRows([])).toThrow('no rows');
});

const float = (shape: readonly number[], data: Tensor['data']): Tensor => ({ dtype: 'float32', shape, data });
const inputs = ['x', 'z'].map((name) => ({ name, dtype: 'float32' as const, shape: [-1, 2] }));

it('counts rows only where all feeds have the same, and calls them independent only where the graph is', () => {
  const [two, three] = [float([2, 2], new Float32Array(4)), float([3, 2], new Float32Array(6))];
  const scalar = float([], new Float32Array(1));
  const feeds = (x: Tensor, z: Tensor): Map<string, Tensor> => new Map(Object.entries({ x, z }));
  expect(rowsOf(inputs, feeds(three, three), true)).toEqual({
    shape: 'float32[2];float32[2]',
    elements: 4,
    count: 3,
    independent: true,
  });
  const whole = (shape: string, elements: number) => ({
    shape: `whole ${shape}`,
    elements,
    count: 1,
    independent: false,
  });
  expect(rowsOf(inputs, feeds(three, three), false)).toEqual(whole('float32[3,2];float32[3,2]', 12));
  expect(rowsOf(inputs, feeds(two, three), true)).toEqual(whole('float32[2,2];float32[3,2]', 10));
  expect(rowsOf(inputs, feeds(scalar, three), true)).toEqual(whole('float32[];float32[3,2]', 7));
  expect(rowsOf(inputs, new Map([['x', three]]), true).independent).toBe(false);
  expect(rowsOf(inputs, feeds(three, float([3, 2], new Float32Array(5))), true).independent).toBe(false);
  expect(rowsOf(inputs, feeds(three, float([3, 2], new Float64Array(6))), true).independent).toBe(false);
  expect(
    rowsOf(inputs, feeds(float([0, 2], new Float32Array(0)), float([0, 2], new Float32Array(0))), true).independent,
  ).toBe(false);
});

const fitted = (overhead: number, perRow: number, preferredRows = Number.POSITIVE_INFINITY): FittedCost => ({
  overhead,
  perRow,
  preferredRows,
});

it.each([
  ['a task that fits stays whole', 2, fitted(0, 0.004), 2],
  ['a large one is cut to the limit', 20, fitted(0, 0.004), 2],
  ['evenly', 9, fitted(0, 0.0025), 3],
  ['into rows, where one is over the limit', 8, fitted(0, 0.034), 1],
  ['not where every chunk would cost much again', 100, fitted(0.002, 0.001), 34],
  ['not where rows cost nothing', 100, fitted(0.05, 0), 100],
])('%s', (_, rows, cost, chunk) => {
  expect(chunkRows(rows, cost, 0.01)).toBe(chunk);
});

it.each([
  ['saves its overhead to itself and to those behind', { rows: 1, tasks: 1, behind: 4 }, fitted(0.001, 0.002), true],
  ['holds up more than it saves', { rows: 1, tasks: 1, behind: 0 }, fitted(0.001, 0.002), false],
  ['holds up those that are in already', { rows: 3, tasks: 3, behind: 4 }, fitted(0.001, 0.002), false],
  ['saves next to nothing', { rows: 1, tasks: 1, behind: 100 }, fitted(0.00009, 0.001), false],
  ['would make the run too long', { rows: 2, tasks: 2, behind: 100 }, fitted(0.003, 0.003), false],
  ['is more than what makes rows cheaper', { rows: 4, tasks: 4, behind: 100 }, fitted(0.001, 0.0001, 4), false],
])('judges one row more that %s', (_, joint, cost, pays) => {
  expect(joins(1, joint, cost, 0.01)).toBe(pays);
});

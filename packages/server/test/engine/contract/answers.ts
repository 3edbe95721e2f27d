import type { Tensor } from '@floe/graph';
import { expect, it } from 'vitest';
import type { Session } from '../../../src/core/engine.ts';
import type { Subject } from '../contract.ts';
import { collectGarbage, expectedMlp, floats, golden, numbers, ONE_THREAD, slowFeeds, tensor } from '../models.ts';
import { ELEMENTS, IDENTITY_OUTPUTS, identityFeeds } from './elements.ts';

/** Opens a golden model for one test. */
async function using(subject: Subject, name: string, use: (session: Session) => Promise<void>): Promise<void> {
  const session = await subject().open(golden(name), ONE_THREAD);
  try {
    await use(session);
  } finally {
    await session.close();
  }
}

export function answers(subject: Subject): void {
  it('gives the numbers of the reference, inline and off the event loop alike', () =>
    using(subject, 'mlp', async (session) => {
      const { x, y, hidden } = await expectedMlp();
      const feeds = new Map([['x', floats([3, 16], x)]]);
      // The first run of a size is never inline; later ones of so small a graph are.
      for (let i = 0; i < 20; i++) {
        const [second, first] = await session.run(feeds, ['hidden', 'y']);
        expect([first?.shape, second?.shape]).toEqual([
          [3, 4],
          [3, 32],
        ]);
        expectClose(first, y);
        expectClose(second, hidden);
      }
    }));

  it('gives one output twice where two names stand for it', () =>
    using(subject, 'gather', async (session) => {
      const indices = tensor('int64', [2], BigInt64Array.of(3n, 1n));
      const results = await session.run(new Map([['indices', indices]]), ['y', 'y']);
      expect(results.map(({ data }) => data)).toEqual([Float32Array.of(30, 10), Float32Array.of(30, 10)]);
    }));

  it('passes every element type through unchanged, NaN and infinities among them', () =>
    using(subject, 'identity', async (session) => {
      const results = await session.run(
        identityFeeds([2, 2], (data) => data),
        IDENTITY_OUTPUTS,
      );
      const expected = ELEMENTS.map(([dtype, data]) => tensor(dtype, [2, 2], data));
      expect(results.map(plain)).toEqual(expected.map(plain));
    }));

  it('runs on tensors without elements', () =>
    using(subject, 'identity', async (session) => {
      const feeds = identityFeeds([0, 3], (data) => data.slice(0, 0));
      const results = await session.run(feeds, IDENTITY_OUTPUTS);
      expect(results.map(({ dtype, shape, data }) => [dtype, shape, data.length])).toEqual(
        ELEMENTS.map(([dtype]) => [dtype, [0, 3], 0]),
      );
    }));

  it('reads views that begin anywhere in their buffer', () =>
    using(subject, 'any-rank', async (session) => {
      const buffer = Float32Array.of(9, 9, 9, -1, -2, -3, 9);
      const [y] = await session.run(new Map([['x', tensor('float32', [3, 1, 1], buffer.subarray(3, 6))]]), ['y']);
      expect(y).toEqual(tensor('float32', [3, 1, 1], Float32Array.of(1, 2, 3)));
    }));

  it('takes a scalar, and any rank where the model leaves it open', () =>
    using(subject, 'any-rank', async (session) => {
      const [scalar] = await session.run(new Map([['x', floats([], [-4])]]), ['y']);
      expect(scalar).toEqual(floats([], [4]));
      const [deep] = await session.run(new Map([['x', floats([1, 1, 1, 1, 1, 1], [-4])]]), ['y']);
      expect(deep?.shape).toEqual([1, 1, 1, 1, 1, 1]);
    }));

  it('gives an output of 40 MB whole', () =>
    using(subject, 'expand', async (session) => {
      const shape = tensor('int64', [2], BigInt64Array.of(1000n, 10_000n));
      const [y] = await session.run(
        new Map([
          ['x', floats([], [2.5])],
          ['shape', shape],
        ]),
        ['y'],
      );
      expect(y?.shape).toEqual([1000, 10_000]);
      expect(numbers(y).every((value) => value === 2.5)).toBe(true);
    }));

  it('runs thirty nested branches without overflowing a native stack', () =>
    using(subject, 'nested', async (session) => {
      const feeds = new Map([
        ['x', floats([2], [1, 2])],
        ['go', tensor('bool', [], Uint8Array.of(1))],
      ]);
      for (let i = 0; i < 5; i++) expect((await session.run(feeds, ['y']))[0]?.data).toEqual(Float32Array.of(2, 3));
    }));

  it('keeps many runs on one session apart', () =>
    using(subject, 'slow', async (session) => {
      const asked = Array.from({ length: 60 }, (_, i) => ({ x: [i, -i, i * 2], times: 1 + ((i * 7) % 23) }));
      const results = await Promise.all(asked.map(({ x, times }) => session.run(slowFeeds(x, times), ['y'])));
      expect(results.map(([y]) => [...numbers(y)])).toEqual(
        asked.map(({ x, times }) => x.map((value) => value + times)),
      );
    }));

  it('keeps inputs in place while a run is under way, whoever else lets go of them', () =>
    using(subject, 'slow', async (session) => {
      // Nothing but the engine holds these feeds; what is freed is overwritten at once.
      const runs = Array.from({ length: 12 }, (_, i) => session.run(slowFeeds(new Array(50_000).fill(i), 20), ['y']));
      for (let i = 0; i < 5; i++) {
        collectGarbage();
        Array.from({ length: 40 }, () => new Float32Array(50_000).fill(-1));
        await new Promise((resolve) => setImmediate(resolve));
      }
      for (const [i, run] of runs.entries()) {
        const [y] = await run;
        expect(numbers(y).every((value) => value === i + 20)).toBe(true);
      }
    }));

  it('gives results that own their memory', () =>
    using(subject, 'mlp', async (session) => {
      const { x, y } = await expectedMlp();
      const input = Float32Array.from(x);
      const [kept] = await session.run(new Map([['x', tensor('float32', [3, 16], input)]]), ['y']);
      input.fill(0);
      for (let i = 0; i < 200; i++) await session.run(new Map([['x', tensor('float32', [3, 16], input)]]), ['y']);
      collectGarbage();
      expectClose(kept, y);
    }));

  it('leaves the feeds to the caller', () =>
    using(subject, 'gather', async (session) => {
      const indices = BigInt64Array.of(2n);
      const feeds = new Map([['indices', tensor('int64', [1], indices)]]);
      for (let i = 0; i < 3; i++) expect((await session.run(feeds, ['y']))[0]?.data).toEqual(Float32Array.of(20));
      expect(indices).toEqual(BigInt64Array.of(2n));
    }));

  it('lets the rest of the process have its turns between small runs', () =>
    using(subject, 'gather', async (session) => {
      const feeds = new Map([['indices', tensor('int64', [1], BigInt64Array.of(2n))]]);
      let turns = 0;
      let immediate: NodeJS.Immediate;
      const tick = (): void => {
        turns++;
        immediate = setImmediate(tick);
      };
      immediate = setImmediate(tick);
      for (let i = 0; i < 3000; i++) await session.run(feeds, ['y']);
      clearImmediate(immediate);
      expect(turns).toBeGreaterThan(5);
    }));
}

function expectClose(actual: Tensor | undefined, expected: readonly number[]): void {
  const data = numbers(actual);
  expect(data.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(data[i]).toBeCloseTo(value, 4);
}

/** Element by element, so that NaN equals NaN and a Buffer equals the array it is. */
function plain({ dtype, shape, data }: Tensor) {
  return {
    dtype,
    shape,
    values: Array.from(data as ArrayLike<unknown>, (value) => (value instanceof Uint8Array ? [...value] : value)),
  };
}

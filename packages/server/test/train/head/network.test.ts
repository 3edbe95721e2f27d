import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { classCounts, epochRows, splitOff } from '../../../src/train/head/draw.ts';
import { type Layer, Network } from '../../../src/train/head/network.ts';
import { openProducts, type Products } from '../../../src/train/head/products.ts';
import { random } from '../../../src/train/random.ts';

const numbers = (length: number, seed: number): Float32Array => {
  const next = random(seed);
  return Float32Array.from({ length }, () => next() - 0.5);
};

let products: Products;

beforeAll(async () => {
  products = await openProducts();
});

afterAll(() => products.close());

describe('products of matrices', () => {
  const size = fc.integer({ min: 1, max: 40 });
  /** Sums over k of `a(i, k) * b(j, k)`, [rows, columns]. */
  const plain = (rows: number, columns: number, inner: number, a: (i: number, k: number) => number, b: typeof a) =>
    Array.from({ length: rows * columns }, (_, at) => {
      const [i, j] = [Math.floor(at / columns), at % columns];
      return Array.from({ length: inner }, (__, k) => a(i, k) * b(j, k)).reduce((sum, one) => sum + one, 0);
    });
  const expectNear = (found: Float32Array, expected: readonly number[]): void => {
    expect(found).toHaveLength(expected.length);
    for (const [at, value] of expected.entries()) expect(found[at]).toBeCloseTo(value, 4);
  };

  it('are what plain loops give', async () => {
    const property = fc.asyncProperty(size, size, size, async (n, inputs, outputs) => {
      const [features, weights] = [numbers(n * inputs, 1), numbers(outputs * inputs, 2)];
      const [bias, slopes] = [numbers(outputs, 3), numbers(n * outputs, 4)];
      const x = { data: features, shape: [n, inputs] };
      const w = { data: weights, shape: [outputs, inputs] };
      const s = { data: slopes, shape: [n, outputs] };
      const of = (data: Float32Array, width: number) => (i: number, k: number) => data[i * width + k] as number;
      const turned = (data: Float32Array, width: number) => (i: number, k: number) => data[k * width + i] as number;
      const scores = plain(n, outputs, inputs, of(features, inputs), of(weights, inputs));
      expectNear(
        await products.make('scores', [x, w, { data: bias, shape: [outputs] }]),
        scores.map((sum, at) => sum + (bias[at % outputs] as number)),
      );
      const gradients = plain(outputs, inputs, n, turned(slopes, outputs), turned(features, inputs));
      expectNear(await products.make('gradients', [s, x]), gradients);
      const passed = plain(n, inputs, outputs, of(slopes, outputs), turned(weights, inputs));
      expectNear(await products.make('passedBack', [s, w]), passed);
    });
    await fc.assert(property, { numRuns: 30 });
  });
});

describe('gradients', () => {
  const layer = (inputs: number, outputs: number, seed: number): Layer => ({
    inputs,
    outputs,
    weights: numbers(inputs * outputs, seed),
    bias: numbers(outputs, seed + 1),
  });
  for (const layers of [[layer(6, 3, 1)], [layer(6, 5, 2), layer(5, 3, 4)]]) {
    it(`are slopes of the loss, with ${layers.length} layers`, async () => {
      const n = 5;
      const batch = {
        n,
        features: numbers(n * 6, 7),
        classes: Int32Array.of(0, 2, 1, 1, 2),
        counts: Float32Array.of(1, 2, 0.5, 1, 1),
      };
      const network = new Network(layers, products);
      await network.learn(batch);
      const slopes = network.gradients.map((values) => values.slice());
      const mean = async () => {
        const { loss, count } = await network.loss(batch);
        return loss / count;
      };
      for (const [at, values] of network.parameters.entries()) {
        for (const one of [0, values.length >> 1]) {
          const kept = values[one] as number;
          values[one] = kept + 1e-3;
          const above = await mean();
          values[one] = kept - 1e-3;
          expect((above - (await mean())) / 2e-3).toBeCloseTo(slopes[at]?.[one] as number, 3);
          values[one] = kept;
        }
      }
    });
  }
});

describe('the examples of an epoch', () => {
  const pools = { original: Int32Array.from({ length: 90 }, (_, at) => at), feedback: Int32Array.of(100, 101, 102) };
  const fromUsers = (rows: Int32Array) => rows.filter((row) => row >= 100).length;

  it('are all of them once where no share is asked for', () => {
    const rows = epochRows(pools, undefined, 1, 0);
    expect([...rows].sort((a, b) => a - b)).toEqual([...pools.original, ...pools.feedback]);
  });

  it('come from users by the share that is asked for', () => {
    const rows = epochRows(pools, 0.5, 1, 0);
    expect([rows.length, fromUsers(rows)]).toEqual([93, 47]);
  });

  it('are all there is where one of the two is empty', () => {
    expect(epochRows({ ...pools, feedback: new Int32Array(0) }, 0.5, 1, 0)).toHaveLength(90);
    expect(epochRows({ ...pools, original: new Int32Array(0) }, 0.5, 1, 0)).toHaveLength(3);
  });

  it('are the same for the same seed and epoch, and in another order for others', () => {
    const drawn = epochRows(pools, 0.5, 1, 0);
    expect(epochRows(pools, 0.5, 1, 0)).toEqual(drawn);
    expect(epochRows(pools, 0.5, 1, 1)).not.toEqual(drawn);
    expect(epochRows(pools, 0.5, 2, 0)).not.toEqual(drawn);
  });

  it('are never those that only say when to stop', () => {
    const { kept, off } = splitOff(pools.original, 0.1, 1);
    expect(off).toHaveLength(9);
    expect([...kept, ...off].sort((a, b) => a - b)).toEqual([...pools.original]);
    expect(splitOff(Int32Array.of(4, 7), 0.01, 1)).toMatchObject({ kept: { length: 1 }, off: { length: 1 } });
  });

  it('count so that classes weigh the same', () => {
    const labels = Int32Array.of(0, 0, 0, 2);
    expect([...classCounts(Int32Array.of(0, 1, 2, 3), labels, 3)]).toEqual([expect.closeTo(2 / 3, 5), 0, 2]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classCounts, epochRows, splitOff } from '../../../src/train/head/draw.ts';
import { addCombinations, addProducts } from '../../../src/train/head/matmul.ts';
import { type Layer, Network, padded } from '../../../src/train/head/network.ts';
import { random } from '../../../src/train/random.ts';

const numbers = (length: number, seed: number): Float32Array => {
  const next = random(seed);
  return Float32Array.from({ length }, () => next() - 0.5);
};

describe('products of matrices', () => {
  const size = fc.integer({ min: 1, max: 5 }).map((n) => 4 * n);
  it('are what plain loops give', () => {
    const property = fc.property(size, size, fc.integer({ min: 1, max: 2100 }), (rows, columns, inner) => {
      const [a, b] = [numbers(rows * inner, 1), numbers(columns * inner, 2)];
      const out = new Float32Array(rows * columns).fill(1);
      addProducts(a, b, out, rows, columns, inner);
      const [i, j] = [rows - 1, columns - 1];
      let sum = 1;
      for (let k = 0; k < inner; k++) sum += (a[i * inner + k] as number) * (b[j * inner + k] as number);
      expect(out[i * columns + j]).toBeCloseTo(sum, 4);
    });
    fc.assert(property, { numRuns: 50 });
  });

  it('are the same with rows or columns first', () => {
    const property = fc.property(size, size, fc.integer({ min: 1, max: 40 }), (rows, inner, width) => {
      const [g, b] = [numbers(rows * inner, 3), numbers(inner * width, 4)];
      const turned = Float32Array.from(g, (_, at) => g[(at % rows) * inner + Math.floor(at / rows)] as number);
      const [one, other] = [new Float32Array(rows * width), new Float32Array(rows * width)];
      addCombinations({ data: g, step: inner, stride: 1 }, b, one, rows, inner, width);
      addCombinations({ data: turned, step: 1, stride: rows }, b, other, rows, inner, width);
      expect(one).toEqual(other);
      let sum = 0;
      for (let j = 0; j < inner; j++) sum += (g[j] as number) * (b[j * width] as number);
      expect(one[0]).toBeCloseTo(sum, 4);
    });
    fc.assert(property, { numRuns: 50 });
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
    it(`are slopes of the loss, with ${layers.length} layers and padding`, () => {
      const n = 5;
      const features = new Float32Array(padded(n) * 6);
      features.set(numbers(n * 6, 7));
      const batch = {
        n,
        features,
        classes: Int32Array.of(0, 2, 1, 1, 2),
        counts: Float32Array.of(1, 2, 0.5, 1, 1),
      };
      const network = new Network(layers, n);
      network.learn(batch);
      const slopes = network.gradients.map((values) => values.slice());
      const mean = () => {
        const { loss, count } = network.loss(batch);
        return loss / count;
      };
      for (const [at, values] of network.parameters.entries()) {
        for (const one of [0, values.length >> 1]) {
          const kept = values[one] as number;
          values[one] = kept + 1e-3;
          const above = mean();
          values[one] = kept - 1e-3;
          expect((above - mean()) / 2e-3).toBeCloseTo(slopes[at]?.[one] as number, 3);
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

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Histogram } from '../../../src/cli/bench/histogram.ts';

function of(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

describe('a histogram', () => {
  it('gives quantiles within the width of a bucket', () => {
    const values = fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (list, q) => {
        const exact = list.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(q * list.length) - 1)] ?? 0;
        const quantile = of(list).quantile(q);
        expect(quantile).toBeGreaterThanOrEqual(exact * 0.999);
        expect(quantile).toBeLessThanOrEqual(exact * 1.011);
      }),
    );
  });

  it('gives mean and maximum exactly', () => {
    const histogram = of([1, 2, 6]);
    expect([histogram.count, histogram.mean, histogram.max]).toEqual([3, 3, 6]);
  });

  it('adds up', () => {
    const sum = of([1, 2]);
    sum.add(of([6, 700]));
    const whole = of([1, 2, 6, 700]);
    expect([sum.count, sum.mean, sum.max, sum.quantile(0.5)]).toEqual([
      whole.count,
      whole.mean,
      whole.max,
      whole.quantile(0.5),
    ]);
  });

  it('is empty at first, and takes what is shorter and longer than its buckets', () => {
    expect([of([]).mean, of([]).max, of([]).quantile(0.99)]).toEqual([0, 0, 0]);
    expect(of([0]).quantile(1)).toBe(0);
    expect(of([1e12]).quantile(1)).toBeGreaterThan(3.6e6);
  });
});

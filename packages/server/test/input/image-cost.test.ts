import { describe, expect, test } from 'vitest';
import type { ImageHeader } from '../../src/input/header.ts';
import { ImageCosts } from '../../src/input/image-cost.ts';
import { SPEC } from './images.ts';

const jpeg = (pixels: number): ImageHeader => ({ format: 'jpeg', width: 1000, height: pixels / 1000 });

describe('the cost of an image', () => {
  test('grows with its pixels and its bytes, and with what resizing takes', () => {
    const costs = new ImageCosts();
    const small = costs.predict(jpeg(100_000), 10_000, SPEC);
    expect(small).toBeGreaterThan(1e-3);
    expect(costs.predict(jpeg(9_000_000), 10_000, SPEC)).toBeGreaterThan(small);
    expect(costs.predict(jpeg(100_000), 1_000_000, SPEC)).toBeGreaterThan(small);
    expect(costs.predict(jpeg(100_000), 10_000, { ...SPEC, resize: 'tf-antialias' })).toBeGreaterThan(small);
  });

  test('is learned, whatever was believed before', () => {
    const costs = new ImageCosts();
    const actual = (pixels: number): number => 0.01 + pixels * 1e-7;
    for (let i = 0; i < 100; i++) {
      for (const pixels of [50_000, 400_000, 3_000_000, 8_000_000]) costs.learn(jpeg(pixels), 0, SPEC, actual(pixels));
    }
    for (const pixels of [50_000, 1_000_000, 6_000_000]) {
      expect(costs.predict(jpeg(pixels), 0, SPEC) / actual(pixels)).toBeCloseTo(1, 1);
    }
  });

  test('of one format says nothing of another', () => {
    const costs = new ImageCosts();
    const png: ImageHeader = { format: 'png', width: 100, height: 100 };
    const before = costs.predict(png, 1000, SPEC);
    for (let i = 0; i < 100; i++) costs.learn(jpeg(10_000), 1000, SPEC, 5);
    expect(costs.predict(png, 1000, SPEC)).toBe(before);
  });
});

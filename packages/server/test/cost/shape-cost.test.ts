import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CostModel } from '../../src/cost/cost-model.ts';
import { MachineRate } from '../../src/cost/machine-rate.ts';
import { ShapeCost } from '../../src/cost/shape-cost.ts';

const line = (overhead: number, perRow: number) => (rows: number) => overhead + perRow * rows;

it('finds the line behind exact runs, whatever their sizes', () => {
  const amount = fc.double({ min: 1e-5, max: 0.1, noNaN: true });
  fc.assert(
    fc.property(amount, amount, (overhead, perRow) => {
      const takes = line(overhead, perRow);
      const shape = new ShapeCost(4, 1);
      for (let round = 0; round < 40; round++) for (const rows of [1, 3, 8, 20, 64]) shape.observe(rows, takes(rows));
      for (const rows of [1, 2, 5, 50, 200]) expect(shape.predict(rows) / takes(rows)).toBeCloseTo(1, 2);
    }),
  );
});

it('stays at or above zero in both parts, for any runs', () => {
  const runs = fc.array(fc.tuple(fc.integer({ min: 1, max: 500 }), fc.double({ min: 1e-6, max: 10, noNaN: true })), {
    minLength: 1,
  });
  fc.assert(
    fc.property(runs, (observed) => {
      const shape = new ShapeCost(1, 0.001);
      for (const [rows, seconds] of observed) shape.observe(rows, seconds);
      expect(shape.overhead).toBeGreaterThanOrEqual(0);
      expect(shape.perRow).toBeGreaterThanOrEqual(0);
      expect(shape.predict(7)).toBeGreaterThan(0);
      expect(Number.isFinite(shape.predict(7))).toBe(true);
    }),
  );
});

it('assumes no overhead while it knows one size only', () => {
  const shape = new ShapeCost(1, 1);
  for (let i = 0; i < 9; i++) shape.observe(4, 0.02);
  expect([shape.overhead, shape.predict(8)]).toEqual([0, expect.closeTo(0.04)]);
});

it('keeps what it knows of large batches while only single rows come in, uneven ones too', () => {
  const takes = line(0.003, 0.001);
  const shape = new ShapeCost(1, 1);
  for (let i = 0; i < 9; i++) for (const rows of [1, 16]) shape.observe(rows, takes(rows));
  for (let i = 0; i < 10_000; i++) shape.observe(1, takes(1) * (i % 2 === 0 ? 0.8 : 1.2));
  for (let i = 0; i < 100; i++) shape.observe(1, takes(1));
  expect(shape.predict(16) / takes(16)).toBeCloseTo(1, 1);
  expect(shape.overhead / 0.003).toBeCloseTo(1, 1);
});

it('keeps a line that does not fit every size, however often one of them is seen', () => {
  const takes = (rows: number): number => (rows === 1 ? 0.001 : 0.004 * rows);
  const shape = new ShapeCost(1, 1);
  for (let i = 0; i < 9; i++) for (const rows of [1, 4, 16]) shape.observe(rows, takes(rows));
  const before = shape.predict(16);
  for (let i = 0; i < 10_000; i++) shape.observe(1, takes(1));
  expect(shape.predict(16)).toBeCloseTo(before, 6);
});

it('forgives a run that was preempted, and follows a machine that got slower', () => {
  const takes = line(0.002, 0.001);
  const shape = new ShapeCost(1, 1);
  for (let i = 0; i < 9; i++) for (const rows of [1, 8]) shape.observe(rows, takes(rows));
  shape.observe(1, 5);
  expect(shape.predict(1) / takes(1)).toBeLessThan(1.5);
  for (let i = 0; i < 60; i++) for (const rows of [1, 8]) shape.observe(rows, 3 * takes(rows));
  expect(shape.predict(1) / takes(1)).toBeCloseTo(3, 1);
  expect(shape.predict(8) / takes(8)).toBeCloseTo(3, 1);
});

it('takes what it sees of one size for a hint on those it does not see', () => {
  const takes = line(0.002, 0.001);
  const shape = new ShapeCost(1, 1);
  for (let i = 0; i < 9; i++) for (const rows of [1, 8]) shape.observe(rows, takes(rows));
  for (let i = 0; i < 60; i++) shape.observe(1, 2 * takes(1));
  expect(shape.predict(8) / takes(8)).toBeGreaterThan(1.2);
});

it('ignores what is no measurement', () => {
  const shape = new ShapeCost(1, 0.5);
  for (const [rows, seconds] of [
    [0, 1],
    [1, 0],
    [1, Number.NaN],
    [-1, 1],
  ] as const)
    shape.observe(rows, seconds);
  expect([shape.observed, shape.predict(2)]).toEqual([0, 1]);
});

it('judges a shape that has not run by operations, and then by its graph', () => {
  const rate = new MachineRate(1e9);
  const model = new CostModel(rate, 2e8);
  expect(model.shape('a', 100).predict(3)).toBeCloseTo(0.6);
  model.observe(model.shape('a', 100), 1, 0.1);
  expect(rate.flopsPerSecond).toBeGreaterThan(1e9);
  expect(model.shape('b', 400).predict(1)).toBeCloseTo(0.4);
  expect(new CostModel(rate).shape('a', 1).predict(2)).toBe(0.002);
});

it('learns the rate of the machine from the first runs of each shape', () => {
  const rate = new MachineRate(1e9);
  const flops = 5e7;
  for (let graph = 0; graph < 10; graph++) {
    const model = new CostModel(rate, flops);
    for (let run = 0; run < 20; run++) model.observe(model.shape('a', 1), 2, (2 * flops) / 3e9);
  }
  expect(rate.flopsPerSecond / 3e9).toBeCloseTo(1, 2);
});

it('learns nothing of the machine from what is too small to tell', () => {
  const rate = new MachineRate(1e9);
  rate.observe(1e6, 1);
  expect(rate.flopsPerSecond).toBe(1e9);
});

it('remembers a bounded number of shapes, those seen most', () => {
  const model = new CostModel(new MachineRate());
  const hot = model.shape('hot', 1);
  for (let i = 0; i < 5; i++) model.observe(hot, 1, 0.01);
  for (let i = 0; i < 1000; i++) model.observe(model.shape(`cold ${i}`, 1), 1, 0.01);
  expect(model.shape('hot', 1)).toBe(hot);
  expect(model.stored().length).toBeLessThanOrEqual(256);
});

import { expect, it } from 'vitest';
import { RunCost } from '../../../src/engine/onnxruntime/run-cost.ts';

it('never runs a size inline that it has not seen', () => {
  const cost = new RunCost();
  expect(cost.inlineMicros(16)).toBeUndefined();
  cost.sawPooled(16, 80);
  expect(cost.inlineMicros(16)).toBe(80);
  expect(cost.inlineMicros(1600)).toBeUndefined();
});

it('tries a run inline that looked a little too long from another thread, and believes what it then sees', () => {
  const cost = new RunCost();
  cost.sawPooled(16, 900);
  expect(cost.inlineMicros(16)).toBe(900);
  cost.sawInline(16, 600);
  expect(cost.inlineMicros(16)).toBeUndefined();
});

it('keeps a long run off the event loop', () => {
  const cost = new RunCost();
  expect(cost.isLarge(16)).toBe(false);
  cost.sawPooled(16, 5000);
  expect(cost.inlineMicros(16)).toBeUndefined();
  expect(cost.isLarge(16)).toBe(true);
});

it('forgives a run that was slow by accident', () => {
  const cost = new RunCost();
  cost.sawPooled(16, 100);
  cost.sawInline(16, 10);
  cost.sawInline(16, 5000);
  expect(cost.inlineMicros(16)).toBeCloseTo(10 + 30 / 8);
  cost.sawInline(16, 5);
  expect(cost.inlineMicros(16)).toBe(5);
});

it('notices a graph that got slower, and one that is fast again', () => {
  const cost = new RunCost();
  cost.sawPooled(16, 100);
  cost.sawInline(16, 100);
  for (let run = 0; run < 4; run++) cost.sawInline(16, 5000);
  expect(cost.inlineMicros(16)).toBeUndefined();
  cost.sawPooled(16, 60);
  expect(cost.inlineMicros(16)).toBe(60);
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Arrival, keyOf } from '../../src/core/order.ts';
import { Unfinished } from '../../src/core/unfinished.ts';
import { Callers } from '../../src/queue/callers.ts';

const QUEUE = 30;
const alone = (at: number, cost: number, weight = 1): Arrival => ({ at, cost, own: cost, all: cost, share: 1, weight });
const key = (arrival: Arrival): number => keyOf('size-first', arrival, QUEUE);

it('puts short tasks first, and whoever has waited long enough before them', () => {
  expect(key(alone(0, 0.004))).toBeLessThan(key(alone(0, 0.08)));
  expect(key(alone(0, 0.08))).toBeGreaterThan(key(alone(3.7, 0.004)));
  expect(key(alone(0, 0.08))).toBeLessThan(key(alone(3.9, 0.004)));
});

it('goes by arrival alone where it is told to', () => {
  expect(keyOf('fifo', alone(2, 9), QUEUE)).toBe(2);
});

it('divides a task by its weight', () => {
  expect(key(alone(0, 0.08, 2))).toBeCloseTo(key(alone(0, 0.04)));
});

it('holds back a caller that has more than its part unfinished, and nobody that is alone', () => {
  const flooding = { at: 0, cost: 0.004, own: 0.4, all: 0.404, share: 0.5, weight: 1 };
  const other = { ...flooding, own: 0.004 };
  expect(key(other)).toBe(0.004);
  expect(key(flooding)).toBeCloseTo(0.004 + 0.4 - 0.202);
  expect(key({ ...flooding, all: 0.4, share: 1 })).toBe(0.004);
  expect(key({ ...flooding, share: 0.9 })).toBeLessThan(key(flooding));
});

it('lets nobody be passed by what comes twice queueSeconds / weight later, whatever either asks for', () => {
  const seconds = fc.double({ min: 0, max: 1e4, noNaN: true });
  const arrival = fc.record({
    at: fc.constant(0),
    cost: seconds,
    own: seconds,
    all: seconds,
    share: fc.double({ min: 0.01, max: 1, noNaN: true }),
    weight: fc.double({ min: 0.1, max: 10, noNaN: true }),
  });
  fc.assert(
    fc.property(arrival, arrival, (first, later) => {
      const at = ((2 * QUEUE) / first.weight) * 1.000001 + 1e-6;
      expect(key({ ...later, at })).toBeGreaterThan(key(first));
    }),
  );
});

const costs = fc.array(fc.double({ min: 1e-5, max: 1e4, noNaN: true }), { minLength: 1, maxLength: 60 });

it('sums what would go before a task, within a factor of two of its own size', () => {
  fc.assert(
    fc.property(costs, fc.nat(), (all, which) => {
      const unfinished = new Unfinished();
      for (const cost of all) unfinished.add(cost);
      const cost = all[which % all.length] ?? 0;
      const exact = all.reduce((sum, one) => sum + Math.min(one, cost), 0);
      expect(unfinished.upTo(cost)).toBeLessThanOrEqual(exact * 2 + 6.2e-5 * all.length);
      expect(unfinished.upTo(cost)).toBeGreaterThanOrEqual(exact * 0.999 - 6.2e-5 * all.length);
      for (const one of all) unfinished.remove(one);
      expect([unfinished.upTo(1e9), unfinished.seconds, unfinished.count]).toEqual([0, 0, 0]);
    }),
  );
});

it('shares by weight among callers that have work, or had some a moment ago', () => {
  const callers = new Callers();
  const [shop, lab] = [
    { name: 'shop', weight: 3 },
    { name: 'lab', weight: 1 },
  ];
  callers.add(shop, 0.5, 0);
  expect(callers.standing(shop, 0.5)).toEqual({ own: 0.5, all: 0.5, share: 1 });
  callers.add(lab, 1, 0);
  expect(callers.standing(shop, 0.5)).toEqual({ own: 0.5, all: 1, share: 0.75 });
  expect([callers.countWith('shop'), callers.countWith('new'), callers.secondsOf('lab')]).toEqual([2, 3, 1]);
  callers.remove(lab, 1, 1);
  callers.add(shop, 0.5, 30);
  expect(callers.standing(shop, 0.5)).toEqual({ own: 1, all: 1, share: 0.75 });
  callers.add(shop, 0.5, 31);
  expect(callers.standing(shop, 0.5)).toEqual({ own: 0.5, all: 0.5, share: 1 });
  for (let i = 0; i < 3; i++) callers.remove(shop, 0.5, 32);
  expect([callers.countWith('lab'), callers.secondsOf('shop'), callers.all.seconds]).toEqual([2, 0, 0]);
});

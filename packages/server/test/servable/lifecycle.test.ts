import { describe, expect, it } from 'vitest';
import { decideSwap, type SwapDecision, type SwapSnapshot, step } from '../../src/servable/lifecycle.ts';

describe('how a new version takes its place', () => {
  const base: SwapSnapshot = {
    policy: 'unload-first',
    limitBytes: 100,
    usedBytes: 50,
    neededBytes: 40,
    releasableBytes: 40,
  };
  const table: { says: string; change: Partial<SwapSnapshot>; decision: SwapDecision }[] = [
    { says: 'beside the old one where both fit', change: {}, decision: 'load' },
    { says: 'after the old one where both do not fit', change: { usedBytes: 70 }, decision: 'unload-first' },
    {
      says: 'not at all where unloading would not make room',
      change: { usedBytes: 99, releasableBytes: 10 },
      decision: 'refuse',
    },
    {
      says: 'not at all where there is nothing to unload',
      change: { usedBytes: 70, releasableBytes: 0 },
      decision: 'refuse',
    },
    {
      says: 'beside the old one in any case with overlap',
      change: { policy: 'overlap', usedBytes: 99 },
      decision: 'load',
    },
    {
      says: 'not at all with refuse where both do not fit',
      change: { policy: 'refuse', usedBytes: 70 },
      decision: 'refuse',
    },
    { says: 'beside the old one with refuse where both fit', change: { policy: 'refuse' }, decision: 'load' },
  ];
  for (const { says, change, decision } of table) {
    it(says, () => expect(decideSwap({ ...base, ...change })).toBe(decision));
  }
});

describe('the life of a version', () => {
  it('goes from start to end by the table', () => {
    expect(step(step(step(step('START', 'LOADING'), 'AVAILABLE'), 'UNLOADING'), 'END')).toBe('END');
  });

  it('refuses a step back', () => {
    expect(() => step('UNLOADING', 'AVAILABLE')).toThrow('a version cannot go from UNLOADING to AVAILABLE');
  });
});

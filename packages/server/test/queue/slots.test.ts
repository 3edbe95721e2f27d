/** Which runs may be under way together, as tables: 2 slots, chunks of 10 ms, the clock at 100. */
import { describe, expect, it } from 'vitest';
import { IDLE_PRIORITY } from '../../src/core/terms.ts';
import { belongsBehind, mayBegin, type Running, type SlotRules } from '../../src/queue/slots.ts';

const RULES: SlotRules = { slots: 2, policy: 'size-first', chunkSeconds: 0.01 };
const FIFO: SlotRules = { ...RULES, policy: 'fifo' };
const NOW = 100;

/** A run that has just begun. */
const run = (predicted: number, key: number, behind = false): Running => ({ began: NOW, predicted, key, behind });
const behind = (predicted: number, key: number): Running => run(predicted, key, true);

describe('a run may begin', () => {
  it.each([
    ['where a slot is free', run(1, 9), [run(1, 1)], RULES, true],
    ['not where every slot holds a short run', run(0.001, 9), [run(0.01, 1), run(1, 2)], RULES, false],
    ['in the express lane beside long runs', run(0.2, 9), [run(1, 1), run(1, 2)], RULES, true],
    ['not in the lane if it takes over a quarter of what is left', run(0.3, 9), [run(1, 1), run(1, 2)], RULES, false],
    ['not where the lane is taken', run(0.1, 9), [run(1, 1), run(1, 2), run(0.1, 3)], RULES, false],
    ['first come first served in a free slot only', run(0.1, 9), [run(1, 1), run(1, 2)], FIFO, false],
    ['in front of runs behind, all slots of it', run(0.5, 3), [behind(1, 8), behind(1, 9)], RULES, true],
    ['as the second of those', run(0.5, 3), [behind(1, 8), behind(1, 9), run(0.1, 2)], RULES, true],
    ['not as the third', run(0.5, 3), [behind(1, 8), behind(1, 9), run(0.1, 2), run(0.1, 2)], RULES, false],
    ['not in front of runs that come before it', run(0.5, 5), [behind(1, 3), behind(1, 4)], RULES, false],
    ['not even in the lane, which would hold them up', run(0.1, 5), [behind(1, 3), behind(1, 4)], RULES, false],
    ['in the lane behind, beside longer runs there', behind(0.2, 5), [behind(1, 3), behind(1, 4)], RULES, true],
    ['in front of one of them only', run(0.5, 5), [behind(1, 3), behind(1, 9), run(0.1, 2)], RULES, false],
    ['behind, where a slot is free', behind(2, 9), [run(0.01, 1)], RULES, true],
    ['not behind where none is, however early it came', behind(2, 0), [behind(2, 8), run(0.01, 1)], RULES, false],
  ] as const)('%s', (_, candidate, running, rules, expected) => {
    expect(mayBegin(candidate, running, rules, NOW)).toBe(expected);
  });
});

it('sends behind what takes more than four chunks and what nobody waits for, and nothing first come first served', () => {
  expect([0.04, 0.041].map((seconds) => belongsBehind(seconds, 1, RULES))).toEqual([false, true]);
  expect([1 / 1000, IDLE_PRIORITY].map((priority) => belongsBehind(0.001, priority, RULES))).toEqual([false, true]);
  expect(belongsBehind(60, IDLE_PRIORITY, FIFO)).toBe(false);
});

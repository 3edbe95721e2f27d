import { expect, it } from 'vitest';
import { Worth } from '../../src/cache/worth.ts';

function measured(asking: number, computing: number, times: number): Worth {
  const worth = new Worth();
  for (let i = 0; i < times; i++) {
    worth.asked(asking);
    worth.computed('digits', computing);
  }
  return worth;
}

const asked = (worth: Worth, misses: number): number =>
  Array.from({ length: misses }, () => worth.isAsked('digits')).filter(Boolean).length;

it.each<[string, Worth, number]>([
  ['a model that takes longer than asking always asks', measured(0.5, 4, 100), 128],
  ['one that is faster asks once in sixty-four misses', measured(0.5, 0.05, 100), 2],
  ['one that is as fast asks', measured(0.5, 0.5, 100), 128],
  ['one that is hardly known asks', measured(0.5, 0.05, 15), 128],
])('%s', (_, worth, expected) => {
  expect(asked(worth, 128)).toBe(expected);
});

it('goes by the latest measurements', () => {
  const worth = measured(0.5, 0.05, 100);
  for (let i = 0; i < 50; i++) worth.computed('digits', 20);
  expect(asked(worth, 10)).toBe(10);
  for (let i = 0; i < 100; i++) worth.asked(100);
  expect(asked(worth, 10)).toBe(0);
});

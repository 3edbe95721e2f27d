import { expect, it } from 'vitest';
import { Turns } from '../../../src/engine/onnxruntime/turns.ts';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('lets small runs go ahead until a turn is used up, then in order of arrival', async () => {
  const turns = new Turns();
  expect([600, 300].map((micros) => turns.run(micros, () => micros))).toEqual([600, 300]);
  const order: number[] = [];
  const waiting = [600, 300, 200].map((micros, i) => turns.run(micros, () => order.push(i)));
  expect(order).toEqual([]);
  await nextTurn();
  expect(order).toEqual([0, 1]);
  await Promise.all(waiting);
  expect(order).toEqual([0, 1, 2]);
});

it('gathers the runs of a turn at its end, in order of arrival', async () => {
  const turns = new Turns();
  const order: number[] = [];
  const waiting = [600, 300, 200].map((micros, i) => turns.run(micros, () => order.push(i), true));
  expect(order).toEqual([]);
  await nextTurn();
  expect(order).toEqual([0, 1]);
  await Promise.all(waiting);
  expect(order).toEqual([0, 1, 2]);
});

it('finds room for a run that is longer than a turn', async () => {
  const turns = new Turns();
  expect(turns.run(5000, () => 'at once')).toBe('at once');
  expect(await turns.run(5000, () => 'later')).toBe('later');
  await nextTurn();
  await nextTurn();
  expect(turns.run(1, () => 'at once')).toBe('at once');
});

it('gives whoever waits the failure of its run', async () => {
  const turns = new Turns();
  const fail = (): never => {
    throw new Error('no');
  };
  const others = turns.run(1, () => 'fine', true);
  await expect(turns.run(1, fail, true)).rejects.toThrow('no');
  expect(await others).toBe('fine');
});

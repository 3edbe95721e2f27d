import { expect, it } from 'vitest';
import { Turns } from '../../../src/engine/onnxruntime/turns.ts';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('lets small runs go ahead until a turn is used up, then in order of arrival', async () => {
  const turns = new Turns();
  expect([turns.take(600), turns.take(300)]).toEqual([undefined, undefined]);
  const order: number[] = [];
  const waiting = [600, 300, 200].map((micros, i) => turns.take(micros)?.then(() => order.push(i)));
  expect(waiting).not.toContain(undefined);
  await nextTurn();
  expect(order).toEqual([0, 1]);
  await Promise.all(waiting);
  expect(order).toEqual([0, 1, 2]);
});

it('gathers the runs of a turn at its end, in order of arrival', async () => {
  const turns = new Turns();
  const order: number[] = [];
  const waiting = [600, 300, 200].map((micros, i) => turns.take(micros, true)?.then(() => order.push(i)));
  expect(waiting).not.toContain(undefined);
  await nextTurn();
  expect(order).toEqual([0, 1]);
  await Promise.all(waiting);
  expect(order).toEqual([0, 1, 2]);
});

it('finds room for a run that is longer than a turn', async () => {
  const turns = new Turns();
  expect(turns.take(5000)).toBeUndefined();
  await turns.take(5000);
  await nextTurn();
  await nextTurn();
  expect(turns.take(1)).toBeUndefined();
});

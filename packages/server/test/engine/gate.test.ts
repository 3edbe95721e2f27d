import { expect, it } from 'vitest';
import { Gate } from '../../src/engine/gate.ts';

/** Work that ends when it is told to. */
function held(gate: Gate, order: string[], name: string) {
  const work = Promise.withResolvers<void>();
  const done = gate.use(() => {
    order.push(name);
    return work.promise;
  });
  return { done, finish: work.resolve, fail: work.reject };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('lets in as many as there are places, and the others in the order of their arrival', async () => {
  const gate = new Gate(2);
  const order: string[] = [];
  const works = ['a', 'b', 'c', 'd'].map((name) => held(gate, order, name));
  await settle();
  expect([order, gate.inside]).toEqual([['a', 'b'], 2]);
  works[1]?.finish();
  await settle();
  const late = held(gate, order, 'e');
  works[0]?.finish();
  await settle();
  expect([order, gate.inside]).toEqual([['a', 'b', 'c', 'd'], 2]);
  for (const work of [...works, late]) work.finish();
  await Promise.all([...works, late].map(({ done }) => done));
  expect([order.at(-1), gate.inside]).toEqual(['e', 0]);
});

it('gives a place on when its work fails', async () => {
  const gate = new Gate(1);
  const order: string[] = [];
  const [first, second] = [held(gate, order, 'a'), held(gate, order, 'b')];
  first.fail(new Error('lost'));
  await expect(first.done).rejects.toThrow('lost');
  second.finish();
  await second.done;
  expect([order, gate.inside]).toEqual([['a', 'b'], 0]);
});

it('admits waiters when it gets more places, and loses nobody when it gets fewer', async () => {
  const gate = new Gate(1);
  const order: string[] = [];
  const works = ['a', 'b', 'c', 'd'].map((name) => held(gate, order, name));
  gate.resize(3);
  await settle();
  expect(order).toEqual(['a', 'b', 'c']);
  gate.resize(1);
  works[0]?.finish();
  works[1]?.finish();
  await settle();
  expect(order).toEqual(['a', 'b', 'c']);
  for (const work of works) work.finish();
  await Promise.all(works.map(({ done }) => done));
  expect(order).toEqual(['a', 'b', 'c', 'd']);
});

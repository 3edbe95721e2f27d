/** The scheduler over the real engine: split, joined and inline, answers are what the model answers to one row at a time. */
import type { Tensor } from '@floe/graph';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Engine, Session } from '../../src/core/engine.ts';
import { CostModel } from '../../src/cost/cost-model.ts';
import { MachineRate } from '../../src/cost/machine-rate.ts';
import { openEngine } from '../../src/engine/index.ts';
import { Scheduler } from '../../src/queue/scheduler.ts';
import type { Work } from '../../src/queue/work.ts';
import { codeOf, floats, gatherFeeds, golden, ONE_THREAD, slowFeeds } from '../engine/models.ts';
import { terms } from './puppet.ts';

let engine: Engine;

beforeAll(async () => {
  engine = await openEngine({ kind: 'onnxruntime', slots: 3 });
});

afterAll(() => engine.close());

/** The session's own runs, never inline, so that the scheduler has something to do with tiny models. */
function slotted(session: Session): Session {
  return {
    inputs: session.inputs,
    outputs: session.outputs,
    inlineSeconds: () => undefined,
    run: (feeds, fetches) => session.run(feeds, fetches),
    close: () => session.close(),
  };
}

/** A cost that makes the scheduler split and join: an overhead of 1 ms, `perRow` for each row. */
function costing(shape: string, elements: number, perRow: number): CostModel {
  const cost = new CostModel(new MachineRate());
  for (const rows of [1, 2, 4, 8, 16, 32]) cost.observe(cost.shape(shape, elements), rows, 0.001 + perRow * rows);
  return Object.assign(cost, { observe: () => {} });
}

function mlpWork(session: Session, cost: CostModel, x: Tensor): Work {
  return { session, cost, feeds: new Map([['x', x]]), fetches: ['y', 'hidden'], rowIndependent: true, model: 'mlp' };
}

const rowsOfX = (rows: number, seed: number): Tensor =>
  floats(
    [rows, 16],
    Array.from({ length: rows * 16 }, (_, i) => Math.sin(seed + i)),
  );

it('answers split and joined requests as the session does alone', async () => {
  const session = await engine.open(golden('mlp'), ONE_THREAD);
  const scheduler = new Scheduler({ slots: 2 });
  const cost = costing('float32[16]', 16, 0.0001);
  const xs = Array.from({ length: 40 }, (_, i) => rowsOfX(i % 10 === 0 ? 500 : 1 + (i % 3), i));
  const answers = await Promise.all(xs.map((x) => scheduler.run(mlpWork(slotted(session), cost, x), terms())));
  for (const [i, x] of xs.entries()) {
    const alone = await session.run(new Map([['x', x]]), ['y', 'hidden']);
    answers[i]?.forEach((tensor, output) => {
      expect(tensor.shape).toEqual(alone[output]?.shape);
      expect(Array.from(tensor.data as Float32Array)).toEqual(
        Array.from(alone[output]?.data as Float32Array, (value) => expect.closeTo(value, 4)),
      );
    });
  }
  await scheduler.close();
});

it('fails only the member whose values an op refuses', async () => {
  const session = slotted(await engine.open(golden('gather'), ONE_THREAD));
  const scheduler = new Scheduler({ slots: 1 });
  const cost = costing('int64[]', 1, 0.00001);
  const ask = (...indices: number[]): Promise<readonly Tensor[]> =>
    scheduler.run(
      { session, cost, feeds: gatherFeeds(...indices), fetches: ['y'], rowIndependent: true, model: 'g' },
      terms(),
    );
  const answers = [ask(0), ask(1), ask(2, 9), ask(3, 0), ask(2)];
  const bad = codeOf(answers[2] as Promise<unknown>);
  const good = await Promise.all(answers.filter((_, i) => i !== 2));
  expect(good.map(([y]) => Array.from(y?.data as Float32Array))).toEqual([[0], [10], [30, 0], [20]]);
  expect(await bad).toBe('INVALID_ARGUMENT');
  expect(scheduler.snapshot()).toMatchObject({ answered: 4, failed: 1, jointRuns: 1 });
  await scheduler.close();
});

it('runs something short beside long runs in every slot, and leaves the slots to them when their callers go', async () => {
  const session = await engine.open(golden('slow'), ONE_THREAD);
  const scheduler = new Scheduler({ slots: 1 });
  const cost = new CostModel(new MachineRate());
  cost.observe(cost.shape('whole float32[2];float32[1];int64[]', 4), 1, 1);
  const gone = new AbortController();
  const work = (feeds: ReadonlyMap<string, Tensor>): Work => ({
    session: slotted(session),
    cost,
    feeds,
    fetches: session.outputs.map(({ name }) => name),
    rowIndependent: false,
    model: 'slow',
  });
  const long = scheduler.run(work(slowFeeds([1, 2], 4000)), terms({ signal: gone.signal }));
  const short = await scheduler.stage(0.001, 'decode', terms(), async () => 'short');
  expect([short, scheduler.snapshot().running]).toEqual(['short', 1]);
  gone.abort();
  expect(await codeOf(long)).toBe('CANCELLED');
  expect(scheduler.snapshot().running).toBe(1);
  await scheduler.close();
  expect(scheduler.snapshot()).toMatchObject({ accepted: 2, answered: 1, cancelled: 1, running: 0 });
});

it('sends small runs straight to the session once it runs them inline', async () => {
  const session = await engine.open(golden('mlp'), { ...ONE_THREAD, gather: true });
  const scheduler = new Scheduler({ slots: 1 });
  const cost = new CostModel(new MachineRate());
  const x = rowsOfX(1, 3);
  const [expected] = await session.run(new Map([['x', x]]), ['y']);
  const ask = () => scheduler.run({ ...mlpWork(session, cost, x), fetches: ['y'] }, terms());
  // On a busy machine its first runs may look large.
  while (session.inlineSeconds(new Map([['x', x]])) === undefined) await ask();
  const { runs, answered } = scheduler.snapshot();
  const answers = await Promise.all(Array.from({ length: 50 }, ask));
  for (const [y] of answers) expect(y).toEqual(expected);
  expect(scheduler.snapshot()).toMatchObject({ answered: answered + 50, runs });
  await scheduler.close();
});

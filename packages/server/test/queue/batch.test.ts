/** Lanes and joint runs against what they are meant to be: a sorted list, and the longest beginning of it that may run together. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CostModel } from '../../src/cost/cost-model.ts';
import { MachineRate } from '../../src/cost/machine-rate.ts';
import { gather, rowsOfAll } from '../../src/queue/batch.ts';
import { joins } from '../../src/queue/chunks.ts';
import { Ledger } from '../../src/queue/ledger.ts';
import { Task } from '../../src/queue/task.ts';
import { Waiting } from '../../src/queue/waiting.ts';
import { Puppet, terms } from './puppet.ts';

const CHUNK_SECONDS = 0.01;
const NOW = 1;
const row = new Ledger(() => {}).row('a', 'm');

interface Wanted {
  readonly key: number;
  readonly rows: number;
  readonly lane: string;
  /** Milliseconds from now; Infinity for none. */
  readonly patience: number;
}

const wanted: fc.Arbitrary<Wanted> = fc.record({
  key: fc.integer({ min: 0, max: 9 }),
  rows: fc.integer({ min: 1, max: 6 }),
  lane: fc.constantFrom('x', 'y'),
  patience: fc.constantFrom(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, -1, 4, 6, 12),
});

const costs = fc.record({
  overhead: fc.constantFrom(0, 0.0002, 0.001, 0.004),
  perRow: fc.constantFrom(0.0001, 0.001, 0.002),
  preferredRows: fc.constantFrom(4, Number.POSITIVE_INFINITY),
});

function tasksOf(all: readonly Wanted[], cost: ReturnType<CostModel['shape']>): Task[] {
  const work = new Puppet().work([1]);
  return all.map(({ key, rows, lane, patience }, order) => {
    const job = {
      kind: 'run' as const,
      work,
      rows: { shape: lane, elements: 1, count: rows, independent: true },
      cost,
    };
    const own = terms({ deadline: NOW * 1000 + patience });
    const predicted = cost.predict(rows);
    const task = new Task({ job, terms: own, row, predicted, bytes: 0, lane, rows, chunk: rows, arrived: 0 });
    task.settled.catch(() => {});
    return Object.assign(task, { key, order });
  });
}

function costOf(line: { overhead: number; perRow: number; preferredRows: number }): ReturnType<CostModel['shape']> {
  const model = new CostModel(new MachineRate());
  const shape = model.shape('x', 1);
  for (const rows of [1, 2, 4, 8, 16, 32]) shape.observe(rows, line.overhead + line.perRow * rows);
  return Object.assign(shape, { preferredRows: line.preferredRows });
}

const inOrder = (tasks: readonly Task[]): Task[] => tasks.toSorted((a, b) => a.key - b.key || a.order - b.order);

it('has the task of the least key first, in whichever lane, as tasks come and go', () => {
  fc.assert(
    fc.property(fc.array(wanted), fc.array(fc.nat()), (all, leaving) => {
      const waiting = new Waiting();
      let tasks = tasksOf(all, costOf({ overhead: 0, perRow: 0.001, preferredRows: 4 }));
      for (const task of tasks) waiting.push(task, false);
      for (const which of leaving) {
        expect(waiting.first()?.tasks.first()).toBe(inOrder(tasks)[0]);
        expect(waiting.firstThat(isLarge)?.tasks.first()).toBe(inOrder(firstsOf(tasks).filter(isLarge))[0]);
        const gone = tasks[which % Math.max(1, tasks.length)];
        if (gone !== undefined) waiting.remove(gone);
        tasks = tasks.filter((task) => task !== gone);
        expect(waiting.size).toBe(tasks.length);
      }
    }),
  );
});

const isLarge = (task: Task): boolean => task.rows > 3;

/** The first task of each lane. */
function firstsOf(tasks: readonly Task[]): Task[] {
  return ['x', 'y'].flatMap((lane) => inOrder(tasks.filter((task) => task.lane === lane))[0] ?? []);
}

it('joins the longest beginning of a lane that pays, fits and breaks no deadline, and drops what has expired', () => {
  fc.assert(
    fc.property(fc.array(wanted, { minLength: 1, maxLength: 20 }), costs, (all, line) => {
      const waiting = new Waiting();
      const cost = costOf(line);
      const tasks = tasksOf(all, cost);
      for (const task of tasks) {
        task.onSettled = () => waiting.remove(task);
        waiting.push(task, false);
      }
      const lane = waiting.first();
      if (lane === undefined) throw new Error('something waits');
      const members = gather(lane, waiting, { chunkSeconds: CHUNK_SECONDS, slots: 2, now: NOW });
      const mine = inOrder(tasks.filter((task) => task.lane === lane.name));
      const alive = mine.filter((task) => task.terms.deadline > NOW * 1000);
      expect(members.map(({ task }) => task)).toEqual(alive.slice(0, members.length));
      expect(members.length).toBeGreaterThanOrEqual(Math.min(1, alive.length));
      const end = NOW + cost.predict(rowsOfAll(members));
      for (const { task } of members) {
        const alone = NOW + cost.predict(task.rows);
        expect(end <= task.terms.deadline / 1000 || alone > task.terms.deadline / 1000).toBe(true);
      }
      if (members.length > 1) expect(cost.predict(rowsOfAll(members))).toBeLessThanOrEqual(CHUNK_SECONDS);
      const next = alive[members.length];
      const hurried = [...members.map(({ task }) => task), ...(next === undefined ? [] : [next])];
      if (next === undefined || hurried.some((task) => Number.isFinite(task.terms.deadline))) return;
      const joint = { rows: rowsOfAll(members), tasks: members.length, behind: waiting.size / 2 };
      expect(joins(next.rows, joint, cost, CHUNK_SECONDS)).toBe(false);
    }),
  );
});

it('tells of callers beyond a bound as of one', () => {
  const ledger = new Ledger(() => {});
  for (let i = 0; i < 1500; i++) ledger.row(`caller ${i}`, 'm').accepted++;
  const rows = ledger.labelled();
  expect(rows.length).toBe(1001);
  expect(rows.find(({ caller }) => caller === 'other')).toMatchObject({ model: 'other', accepted: 500 });
});

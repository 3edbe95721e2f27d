/** Every task settles exactly once, in whatever state its caller goes, its time ends or its run fails; and the counts add up. */
import { FloeError } from '@floe/graph';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { codeOf } from '../engine/models.ts';
import { Puppet } from './puppet.ts';

const CHEAP = { perRow: 0.0001, overhead: 0.003 };

function cancellable(): { readonly cancel: () => void; readonly terms: { readonly signal: AbortSignal } } {
  const controller = new AbortController();
  return { cancel: () => controller.abort(), terms: { signal: controller.signal } };
}

it.each([undefined, 1e-5])('runs nothing for a caller that has gone before (inline: %s)', async (inline) => {
  const puppet = new Puppet();
  const gone = cancellable();
  gone.cancel();
  expect(await codeOf(puppet.run([1], { terms: gone.terms, ...(inline === undefined ? {} : { inline }) }))).toBe(
    'CANCELLED',
  );
  expect(puppet.ran).toEqual([]);
  expect(puppet.scheduler.snapshot()).toMatchObject({ accepted: 1, cancelled: 1 });
});

it('takes a task out of the heap when its caller goes', async () => {
  const puppet = new Puppet();
  const busy = puppet.run([0]);
  const gone = cancellable();
  const waiting = puppet.run([1, 1], { terms: gone.terms });
  gone.cancel();
  expect(await codeOf(waiting)).toBe('CANCELLED');
  expect(puppet.scheduler.snapshot()).toMatchObject({ waiting: 0, queuedSeconds: 0.004 });
  await puppet.finishAll();
  await busy;
  expect(puppet.ran).toEqual([[0]]);
});

it('settles at once when the caller of a running task goes, and frees the slot when the run ends', async () => {
  const puppet = new Puppet();
  const gone = cancellable();
  const large = puppet.run([1, 1, 1, 1], { terms: gone.terms });
  const other = puppet.answer([2]);
  gone.cancel();
  expect(await codeOf(large)).toBe('CANCELLED');
  expect(puppet.ran).toEqual([[1, 1]]);
  expect(puppet.scheduler.snapshot()).toMatchObject({ running: 1, waiting: 1 });
  await puppet.finishAll();
  expect(await other).toEqual([2]);
  expect(puppet.ran).toEqual([[1, 1], [2]]);
  expect(puppet.scheduler.snapshot()).toMatchObject({ running: 0, waiting: 0, queuedSeconds: 0, workSeconds: 0 });
});

it.each(['finish', 'fail'] as const)(
  'leaves the others of a joint run alone when one caller goes (it %ses)',
  async (end) => {
    const puppet = new Puppet();
    const gone = cancellable();
    const busy = puppet.run([0], CHEAP);
    const members = [
      puppet.answer([1], CHEAP),
      puppet.run([2], { ...CHEAP, terms: gone.terms }),
      puppet.answer([3], CHEAP),
    ];
    await puppet.runs[0]?.finish();
    gone.cancel();
    expect(await codeOf(members[1] as Promise<unknown>)).toBe('CANCELLED');
    await (end === 'finish' ? puppet.runs[0]?.finish() : puppet.runs[0]?.fail(new Error('no')));
    await puppet.finishAll();
    expect([await members[0], await members[2]]).toEqual([[1], [3]]);
    expect(puppet.ran).toEqual(end === 'finish' ? [[0], [1, 2, 3]] : [[0], [1, 2, 3], [1], [3]]);
    await busy;
  },
);

it('refuses a deadline that has passed, or that would pass before the task had its turn', async () => {
  const puppet = new Puppet();
  const passed = { terms: { deadline: puppet.now } };
  expect(await codeOf(puppet.run([1], passed))).toBe('DEADLINE_EXCEEDED');
  expect(await codeOf(puppet.run([1], { ...passed, model: 'tiny', inline: 1e-5 }))).toBe('DEADLINE_EXCEEDED');
  const busy = [puppet.run([1, 1]), puppet.run([2])];
  const soon = { terms: { deadline: puppet.now + 11 } };
  expect(await codeOf(puppet.run([3, 3, 3, 3], soon))).toBe('DEADLINE_EXCEEDED');
  busy.push(puppet.run([3, 3, 3, 3], { terms: { deadline: puppet.now + 13 } }));
  // A smaller one would have its turn before.
  busy.push(puppet.run([4], { terms: { deadline: puppet.now + 13 } }));
  await puppet.finishAll();
  await Promise.all(busy);
  expect(puppet.scheduler.snapshot()).toMatchObject({ accepted: 7, answered: 4, expired: 3 });
});

it('never runs what has expired while it waited, nor the rest of a request that has', async () => {
  const puppet = new Puppet();
  const busy = puppet.run([0], { independent: false });
  const late = puppet.run([1], { terms: { deadline: puppet.now + 6 } });
  const large = puppet.run([2, 2, 2, 2], { terms: { deadline: puppet.now + 100 } });
  for (const one of [late, large]) one.catch(() => {});
  puppet.now += 7;
  await puppet.runs[0]?.finish();
  expect(await codeOf(late)).toBe('DEADLINE_EXCEEDED');
  puppet.now += 200;
  await puppet.finishAll();
  expect(await codeOf(large)).toBe('DEADLINE_EXCEEDED');
  expect(puppet.ran).toEqual([[0], [2, 2]]);
  await busy;
  expect(puppet.scheduler.snapshot()).toMatchObject({ accepted: 3, answered: 1, expired: 2, queuedSeconds: 0 });
});

it('tells who waits in vain at the deadline, not only when its turn comes', async () => {
  const puppet = new Puppet();
  const busy = puppet.run([0], { independent: false });
  const [late, soon, never] = [40, 20, undefined].map((patience) =>
    puppet.run([1], patience === undefined ? {} : { terms: { deadline: puppet.now + patience } }),
  );
  for (const one of [late, soon]) one?.catch(() => {});
  expect(puppet.alarms.map(({ seconds }) => seconds)).toEqual([0.04, 0.02]);
  puppet.now += 20;
  puppet.alarms[1]?.ring();
  expect(await codeOf(soon as Promise<unknown>)).toBe('DEADLINE_EXCEEDED');
  expect(puppet.scheduler.snapshot()).toMatchObject({ waiting: 2, running: 1, expired: 1 });
  puppet.now += 20;
  puppet.alarms.at(-1)?.ring();
  expect(await codeOf(late as Promise<unknown>)).toBe('DEADLINE_EXCEEDED');
  await puppet.finishAll();
  await Promise.all([busy, never]);
  expect(puppet.ran).toEqual([[0], [1]]);
});

it('answers rows that all are under way at their deadline, however late', async () => {
  const puppet = new Puppet();
  const running = puppet.answer([5], { terms: { deadline: puppet.now + 6 } });
  puppet.now += 10;
  for (const { ring } of puppet.alarms) ring();
  await puppet.finishAll();
  expect(await running).toEqual([5]);
});

it('takes nothing along in a joint run that has expired', async () => {
  const puppet = new Puppet();
  const answers = [puppet.answer([0], CHEAP), puppet.answer([1], CHEAP)];
  const late = puppet.run([2, 2], { ...CHEAP, terms: { deadline: puppet.now + 50 } });
  answers.push(puppet.answer([3, 3, 3], CHEAP));
  late.catch(() => {});
  puppet.now += 60;
  await puppet.finishAll();
  expect(await codeOf(late)).toBe('DEADLINE_EXCEEDED');
  expect(puppet.ran).toEqual([[0], [1, 3, 3, 3]]);
  await Promise.all(answers);
});

it('refuses work over the bound of the queue and says when there will be room', async () => {
  const puppet = new Puppet({ queueSeconds: 0.02 });
  const tasks = [[1], [2, 2], [3]].map((rows) => puppet.run(rows));
  const refused = puppet.run([4, 4]);
  await expect(refused).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  await expect(refused).rejects.toSatisfy((error: FloeError) => {
    expect(error.details[0]?.retryAfterSeconds).toBeCloseTo(0.004);
    return true;
  });
  await puppet.finishAll();
  await Promise.all(tasks);
  expect(puppet.scheduler.snapshot()).toMatchObject({ accepted: 3, answered: 3, refused: 1 });
});

it('keeps room for others from a caller that floods', async () => {
  const puppet = new Puppet({ queueSeconds: 0.1 });
  const flood = { terms: { caller: { name: 'flood', weight: 1 } } };
  const other = { terms: { caller: { name: 'other', weight: 1 } } };
  const tasks = [puppet.run([0], other), ...Array.from({ length: 12 }, () => puppet.run([1], flood))];
  expect(await codeOf(puppet.run([1], flood))).toBe('RESOURCE_EXHAUSTED');
  tasks.push(puppet.run([2], other), puppet.run([3, 3, 3], other));
  await puppet.finishAll();
  await Promise.all(tasks);
  // The second of the other caller goes before all of the flood but its first.
  expect(puppet.ran.slice(0, 3)).toEqual([[0], [1], [2]]);
});

type Step =
  | {
      readonly do: 'run';
      readonly rows: number;
      readonly model: number;
      readonly patience: number;
      readonly caller: number;
    }
  | { readonly do: 'cancel' | 'finish' | 'fail'; readonly which: number }
  | { readonly do: 'pass'; readonly millis: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('run' as const),
      rows: fc.integer({ min: 1, max: 9 }),
      model: fc.nat(3),
      patience: fc.integer({ min: 1, max: 60 }),
      caller: fc.nat(2),
    }),
  },
  fc.record({
    do: fc.constantFrom('cancel' as const, 'finish' as const, 'finish' as const, 'fail' as const),
    which: fc.nat(),
  }),
  fc.record({ do: fc.constant('pass' as const), millis: fc.nat(20) }),
);

const MODELS = [
  { model: 'plain' },
  { model: 'cheap', ...CHEAP },
  { model: 'whole', independent: false, perRow: 0.02 },
  { model: 'tiny', inline: 1e-5 },
];

it('settles every task once with its own rows or one error, and counts each, whatever happens in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60 }),
      fc.constantFrom('size-first' as const, 'fifo' as const),
      async (steps, policy) => {
        const puppet = new Puppet({ slots: 2, queueSeconds: 0.3, policy });
        const cancels: (() => void)[] = [];
        const tasks: Promise<void>[] = [];
        let settled = 0;
        for (const one of steps) {
          if (one.do === 'run') {
            const { cancel, terms: own } = cancellable();
            cancels.push(cancel);
            const caller = { name: `caller ${one.caller}`, weight: one.caller + 1 };
            const deadline = one.patience > 40 ? Number.POSITIVE_INFINITY : puppet.now + one.patience;
            const rows = Array.from({ length: one.rows }, (_, i) => tasks.length * 10 + i);
            const answer = puppet.answer(rows, { ...MODELS[one.model], terms: { ...own, caller, deadline } });
            const check = answer.then(
              (result) => expect(result).toEqual(rows),
              (error: FloeError) => expect(error).toBeInstanceOf(FloeError),
            );
            tasks.push(check.then(() => void settled++));
          } else if (one.do === 'pass') puppet.now += one.millis;
          else if (one.do === 'cancel') cancels[one.which % Math.max(1, cancels.length)]?.();
          else {
            const run = puppet.runs[one.which % Math.max(1, puppet.runs.length)];
            await (one.do === 'finish' ? run?.finish() : run?.fail(new FloeError('INTERNAL', 'no')));
          }
        }
        await puppet.finishAll();
        await puppet.scheduler.close();
        await Promise.all(tasks);
        expect(settled).toBe(tasks.length);
        const counts = puppet.scheduler.snapshot();
        expect(counts.accepted).toBe(counts.answered + counts.failed + counts.cancelled + counts.expired);
        expect(counts.accepted + counts.refused).toBe(tasks.length);
        expect(counts).toMatchObject({ waiting: 0, running: 0, queuedSeconds: 0 });
      },
    ),
  );
});

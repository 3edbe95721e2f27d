import { FloeError } from '@floe/graph';
import { expect, it } from 'vitest';
import { codeOf } from '../engine/models.ts';
import { Puppet, settle, terms } from './puppet.ts';

const WHOLE = { independent: false };

it('runs what is asked for at once while there is a slot, and then by size', async () => {
  const puppet = new Puppet();
  const answers = [[1], [2, 2], [3, 3, 3], [4]].map((rows) => puppet.answer(rows, { independent: false }));
  expect(puppet.ran).toEqual([[1]]);
  await puppet.finishAll();
  expect(puppet.ran).toEqual([[1], [4], [2, 2], [3, 3, 3]]);
  expect(await Promise.all(answers)).toEqual([[1], [2, 2], [3, 3, 3], [4]]);
});

it('holds no more bytes of inputs than it may, but one task of any size', async () => {
  const puppet = new Puppet({ queueBytes: 16 });
  const [first, second] = [puppet.answer([1, 2, 3, 4, 5, 6]), puppet.run([7])];
  expect(await codeOf(second)).toBe('RESOURCE_EXHAUSTED');
  await expect(second).rejects.toThrow('of inputs are unfinished');
  await puppet.finishAll();
  await first;
  const small = [puppet.answer([1, 2]), puppet.answer([3, 4])];
  expect(await codeOf(puppet.run([5]))).toBe('RESOURCE_EXHAUSTED');
  await puppet.finishAll();
  await Promise.all(small);
});

it('runs equal tasks in the order in which they came, however the prediction has moved in between', async () => {
  const puppet = new Puppet();
  const { cost } = puppet.work([0], WHOLE);
  const first = puppet.answer([0], WHOLE);
  const answers = [0.004, 0.4, 0.004, 0.002].map((seconds, at) => {
    for (let run = 0; run < 20; run++) cost.shape('whole float32[1,1]', 1).observe(1, seconds);
    puppet.now += 1;
    return puppet.answer([at + 1], WHOLE);
  });
  const smaller = puppet.answer([9], { model: 'other', perRow: 0.001 });
  await puppet.finishAll();
  expect(puppet.ran).toEqual([[0], [9], [1], [2], [3], [4]]);
  await Promise.all([first, ...answers, smaller]);
});

it('goes by a smaller prediction again once waiting has made up for the larger one', async () => {
  const puppet = new Puppet();
  const { cost } = puppet.work([0], WHOLE);
  const observed = (seconds: number): void => {
    for (let run = 0; run < 40; run++) cost.shape('whole float32[1,1]', 1).observe(1, seconds);
  };
  observed(0.4);
  await Promise.all([puppet.answer([0], WHOLE), puppet.finishAll()]);
  observed(0.004);
  puppet.now += 40_000;
  const running = puppet.answer([1], { model: 'large', perRow: 0.1, independent: false });
  const answers = [puppet.answer([2], { model: 'large', perRow: 0.1, independent: false }), puppet.answer([3], WHOLE)];
  await puppet.finishAll();
  expect(puppet.ran).toEqual([[0], [1], [3], [2]]);
  await Promise.all([running, ...answers]);
});

it('runs in order of arrival, unsplit, where it is told to', async () => {
  const puppet = new Puppet({ policy: 'fifo' });
  const answers = [[1], [2, 2, 2, 2, 2, 2], [3]].map((rows) => puppet.answer(rows));
  await puppet.finishAll();
  expect(puppet.ran).toEqual([[1], [2, 2, 2, 2, 2, 2], [3]]);
  await Promise.all(answers);
});

it('lets a small task wait for one chunk of a large one, whose answer is whole and in order', async () => {
  const puppet = new Puppet();
  const large = puppet.answer([1, 2, 3, 4, 5, 6]);
  const small = puppet.answer([9]);
  expect(puppet.ran).toEqual([[1, 2]]);
  await puppet.finishAll();
  expect(puppet.ran).toEqual([[1, 2], [9], [3, 4], [5, 6]]);
  expect(await large).toEqual([1, 2, 3, 4, 5, 6]);
  expect(await small).toEqual([9]);
});

it('puts the chunks of a request into their order, whichever ends first', async () => {
  const puppet = new Puppet({ slots: 3 });
  const large = puppet.answer([1, 2, 3, 4, 5, 6]);
  for (const run of [...puppet.runs].reverse()) await run.finish();
  expect(await large).toEqual([1, 2, 3, 4, 5, 6]);
});

it('fails a request with the first of its chunks, and runs no other', async () => {
  const puppet = new Puppet();
  const large = puppet.run([1, 2, 3, 4, 5, 6]);
  large.catch(() => {});
  await puppet.runs[0]?.finish();
  await puppet.runs[0]?.fail(new FloeError('INVALID_ARGUMENT', 'no'));
  expect(await codeOf(large)).toBe('INVALID_ARGUMENT');
  expect(puppet.ran).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(puppet.scheduler.snapshot()).toMatchObject({
    accepted: 1,
    failed: 1,
    waiting: 0,
    running: 0,
    queuedSeconds: 0,
  });
});

const CHEAP = { perRow: 0.0001, overhead: 0.003 };

it('joins what waits for the same graph and shape where that pays, in heap order, and gives each its rows', async () => {
  const puppet = new Puppet();
  const first = puppet.answer([0], CHEAP);
  const others = [[1, 1], [2], [3]].map((rows) => puppet.answer(rows, CHEAP));
  const elsewhere = puppet.answer([7], { model: 'other', ...CHEAP });
  await puppet.finishAll();
  expect(puppet.ran).toEqual([[0], [2, 3, 1, 1], [7]]);
  expect(await Promise.all([first, ...others, elsewhere])).toEqual([[0], [1, 1], [2], [3], [7]]);
  expect(puppet.scheduler.snapshot()).toMatchObject({ runs: 3, jointRuns: 1, answered: 5 });
});

it.each([
  ['rows may influence each other', { ...CHEAP, independent: false }],
  ['a run costs nothing but its rows', { perRow: 0.0031, overhead: 0 }],
])('joins nothing where %s', async (_, options) => {
  const puppet = new Puppet();
  const answers = [[0], [1], [2]].map((rows) => puppet.answer(rows, options));
  await puppet.finishAll();
  expect(puppet.ran).toEqual([[0], [1], [2]]);
  await Promise.all(answers);
});

it('does not join where that would break a deadline', async () => {
  const puppet = new Puppet();
  const deadline = puppet.now + 7;
  const answers = [
    puppet.answer([0], CHEAP),
    puppet.answer([1], { ...CHEAP, terms: { deadline } }),
    puppet.answer(Array(30).fill(2), CHEAP),
    puppet.answer([3], CHEAP),
  ];
  puppet.now += 3;
  await puppet.finishAll();
  // 1 and 3 take 3.2 ms of the 4 that are left, 32 rows 6.2.
  expect(puppet.ran.map((rows) => rows.length)).toEqual([1, 2, 30]);
  await Promise.all(answers);
});

it('runs the members of a joint run alone when it fails, so that only the guilty one does', async () => {
  const puppet = new Puppet();
  const answers = [[0], [1], [2], [3]].map((rows) => puppet.run(rows, CHEAP));
  for (const answer of answers) answer.catch(() => {});
  await puppet.runs[0]?.finish();
  expect(puppet.runs[0]?.rows).toEqual([1, 2, 3]);
  const refused = new FloeError('INVALID_ARGUMENT', 'a bad index');
  await puppet.runs[0]?.fail(refused);
  expect(puppet.runs[0]?.rows).toEqual([1]);
  await puppet.runs[0]?.finish();
  await puppet.runs[0]?.fail(refused);
  await puppet.finishAll();
  expect(puppet.ran).toEqual([[0], [1, 2, 3], [1], [2], [3]]);
  const outcomes = await Promise.allSettled(answers);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  expect(puppet.scheduler.snapshot()).toMatchObject({ accepted: 4, answered: 3, failed: 1, queuedSeconds: 0 });
});

it('waits for company only as long as it is told to, or until the run is full', async () => {
  const puppet = new Puppet({ delaySeconds: 0.002 });
  const early = [[1], [2]].map((rows) => puppet.answer(rows, CHEAP));
  expect(puppet.ran).toEqual([]);
  expect(puppet.alarms.map(({ seconds }) => seconds)).toEqual([0.002]);
  puppet.alarms[0]?.ring();
  expect(puppet.ran).toEqual([[1, 2]]);
  await puppet.finishAll();
  const full = [Array(60).fill(3), Array(15).fill(4)].map((rows) => puppet.answer(rows, CHEAP));
  expect(puppet.ran.length).toBe(2);
  await puppet.finishAll();
  await Promise.all([...early, ...full]);
});

it('lets one short run begin while long ones that cannot be cut hold every slot', async () => {
  const puppet = new Puppet({ slots: 2 });
  const long = { model: 'long', perRow: 0.5, independent: false };
  const answers = [puppet.answer([1], long), puppet.answer([2], long), puppet.answer([3], long)];
  answers.push(puppet.answer([4]), puppet.answer([5]));
  expect(puppet.ran).toEqual([[1], [2], [4]]);
  await puppet.runs[2]?.finish();
  expect(puppet.ran).toEqual([[1], [2], [4], [5]]);
  await puppet.finishAll();
  expect(await Promise.all(answers)).toEqual([[1], [2], [3], [4], [5]]);
});

it('keeps the lane from what is not much shorter than the runs under way will last', async () => {
  const puppet = new Puppet();
  const answers = [
    puppet.answer([1], { model: 'long', perRow: 0.1, independent: false }),
    puppet.answer([2], { model: 'shorter', perRow: 0.03, independent: false }),
  ];
  puppet.now += 90;
  answers.push(puppet.answer([3]));
  expect(puppet.ran).toEqual([[1]]);
  // It is overdue, and nobody knows for how long.
  puppet.now += 30;
  answers.push(puppet.answer([4]));
  expect(puppet.ran).toEqual([[1], [3]]);
  await puppet.finishAll();
  await Promise.all(answers);
});

it('lets what comes before a long run that cannot be cut have its slot, where the kernel gives it way', async () => {
  const puppet = new Puppet();
  const big = { model: 'big', perRow: 1, independent: false, behind: 0.6 };
  const long = puppet.run([1], big);
  const middling = puppet.run([2], { model: 'medium', perRow: 0.012 });
  const waiting = [puppet.run([3]), puppet.run([4], big)];
  expect(puppet.ran).toEqual([[1], [2]]);
  await puppet.runs[1]?.finish();
  expect(puppet.ran).toEqual([[1], [2], [3]]);
  puppet.now += 900;
  await puppet.finishAll();
  await Promise.all([long, middling, ...waiting]);
  expect(puppet.ran.at(-1)).toEqual([4]);
  const { actualSeconds, byCallerAndModel } = puppet.scheduler.snapshot();
  expect(actualSeconds).toBeCloseTo(0.6 + 0 + 0.9 + 0.6);
  expect(byCallerAndModel.find(({ model }) => model === 'big')?.workSeconds).toBeCloseTo(1.2);
});

it('makes nobody wait for ever behind: what comes later than a run has aged finds its slot taken', async () => {
  const puppet = new Puppet();
  const long = puppet.run([1], { model: 'big', perRow: 1, independent: false, behind: 1 });
  puppet.now += 60_000;
  const late = puppet.run([2], { model: 'medium', perRow: 0.4, independent: false });
  expect(puppet.ran).toEqual([[1]]);
  await puppet.finishAll();
  await Promise.all([long, late]);
  expect(puppet.ran).toEqual([[1], [2]]);
});

it('gives other work its place in the same heap', async () => {
  const puppet = new Puppet();
  const order: string[] = [];
  const note = (name: string) => () => order.push(name);
  const busy = puppet.run([1]).then(note('busy'));
  const stage = (seconds: number, name: string) =>
    puppet.scheduler.stage(seconds, 'decode', terms(), async () => name).then(note(name));
  const work = [stage(0.05, 'large image'), puppet.run([2, 2]).then(note('run')), stage(0.001, 'small image')];
  await puppet.finishAll();
  await Promise.all([busy, ...work]);
  expect(order).toEqual(['busy', 'small image', 'run', 'large image']);
  const failing = puppet.scheduler.stage(0.001, 'decode', terms(), () => Promise.reject(new Error('no image')));
  await expect(failing).rejects.toMatchObject({ code: 'INTERNAL', message: 'no image' });
});

it('lets the stages of a request share its arrival and its notes', async () => {
  const puppet = new Puppet();
  const mine = terms();
  await puppet.scheduler.stage(0.001, 'decode', mine, async () => {
    puppet.now += 2;
  });
  puppet.now += 10_000;
  const answers = [puppet.run([0]), puppet.run([1]), puppet.scheduler.run(puppet.work([2, 2]), mine)];
  await puppet.finishAll();
  await Promise.all(answers);
  expect(puppet.ran).toEqual([[0], [2, 2], [1]]);
  expect(mine.notes.queue).toMatchObject({ position: 0, chunks: 1 });
  expect(mine.notes.queue?.actual).toBeCloseTo(0.002);
  expect(mine.notes.queue?.predicted).toBeCloseTo(0.009);
});

it('says of a request what was predicted and what became of it', async () => {
  const puppet = new Puppet();
  const mine = terms();
  const answers = [puppet.run([0]), puppet.run([1]), puppet.run([2, 2, 2, 2], { terms: mine })];
  expect(mine.notes.queue).toMatchObject({ position: 1, chunks: 2 });
  puppet.now += 4;
  await puppet.runs[0]?.finish();
  puppet.now += 4;
  await puppet.runs[0]?.finish();
  puppet.now += 10;
  await puppet.finishAll();
  await Promise.all(answers);
  expect(mine.notes.queue?.predicted).toBeCloseTo(0.016);
  expect(mine.notes.queue?.wait).toBeCloseTo(0.008);
  expect(mine.notes.queue?.actual).toBeCloseTo(0.01);
  expect(puppet.scheduler.snapshot().byCallerAndModel).toMatchObject([
    { caller: 'anonymous', model: 'm', answered: 3 },
  ]);
  expect(puppet.scheduler.snapshot().workSeconds).toBeCloseTo(0.018);
});

it('lets small work go straight to the session, counted like any other', async () => {
  const puppet = new Puppet();
  const tiny = { model: 'tiny', inline: 1e-5 };
  const answers = Array.from({ length: 3 }, (_, i) => puppet.run([i], tiny));
  for (const answer of answers) answer.catch(() => {});
  expect(puppet.ran.length).toBe(3);
  expect(puppet.scheduler.snapshot()).toMatchObject({ accepted: 3, answered: 0, running: 0 });
  expect(puppet.scheduler.snapshot().queuedSeconds).toBeCloseTo(3e-5, 9);
  expect(puppet.scheduler.idleSeconds()).toBe(0);
  await puppet.runs[1]?.fail(new FloeError('INVALID_ARGUMENT', 'no'));
  await puppet.finishAll();
  expect(puppet.scheduler.snapshot()).toMatchObject({ accepted: 3, answered: 2, failed: 1, queuedSeconds: 0 });
  puppet.now += 5000;
  expect(puppet.scheduler.idleSeconds()).toBe(5);
});

it('drains when it is closed, and takes nothing more', async () => {
  const puppet = new Puppet({ delaySeconds: 1 });
  const tiny = { model: 'tiny', inline: 1e-5 };
  const answers = [puppet.answer([1], CHEAP), puppet.answer([2], tiny)];
  const closed = puppet.scheduler.close();
  expect(await codeOf(puppet.run([3], CHEAP))).toBe('UNAVAILABLE');
  expect(await codeOf(puppet.run([4], tiny))).toBe('UNAVAILABLE');
  let isClosed = false;
  void closed.then(() => (isClosed = true));
  await settle();
  expect(isClosed).toBe(false);
  await puppet.finishAll();
  await closed;
  expect(await Promise.all(answers)).toEqual([[1], [2]]);
  await puppet.scheduler.close();
});

/** What the job queue promises, on whichever database. */
import { randomUUID } from 'node:crypto';
import { FloeError } from '@floe/graph/base';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Job, JobContext, JobEvent, JobHandler, JobQueue, JobState, Json } from '../../src/jobs/job.ts';
import { type JobOptions, openJobs } from '../../src/jobs/queue.ts';
import type { Scratch } from '../sql/scratch.ts';

const TERMS = { cost: 1, caller: 'ann' };
const NONE = '00000000-0000-0000-0000-000000000000';

export function jobContract(open: () => Promise<Scratch>): void {
  let scratch: Scratch;
  let queues: JobQueue[];
  let kind: string;
  let tests = 0;

  beforeAll(async () => {
    scratch = await open();
  });
  afterAll(() => scratch.remove());
  beforeEach(() => {
    queues = [];
    kind = `kind-${tests++}`;
  });
  afterEach(async () => {
    for (const queue of queues) await queue.close();
  });

  async function start(options: JobOptions = {}): Promise<JobQueue> {
    const queue = await openJobs(scratch.sql, { leaseSeconds: 3, ...options });
    queues.push(queue);
    return queue;
  }

  const run = (statement: string): Promise<unknown> => scratch.sql.script(statement);
  const submit = (queue: JobQueue, payload: Json = null, terms = {}): Promise<Job> =>
    queue.submit(kind, payload, { ...TERMS, ...terms });
  const device = (): string => `${kind}-${randomUUID()}`;
  const work = (queue: JobQueue, handler: JobHandler, on = device()) => queue.work(on, { [kind]: handler });

  /** Follows the job until it comes to `state`. */
  async function until(queue: JobQueue, id: string, state: JobState): Promise<Job> {
    for await (const { kind: what, data } of queue.events(id, 0)) {
      if (what === 'state' && (data as { state: string }).state === state) break;
    }
    return queue.get(id);
  }

  async function statesOf(queue: JobQueue, id: string): Promise<string[]> {
    const states: string[] = [];
    for await (const { kind: what, data } of queue.events(id, 0)) {
      if (what === 'state') states.push((data as { state: string }).state);
    }
    return states;
  }

  describe('a job', () => {
    it('is queued, run and kept with its result', async () => {
      const queue = await start();
      const { id } = await submit(queue, { dataset: 'd1' });
      expect(await queue.get(id)).toMatchObject({
        state: 'queued',
        attempt: 0,
        kind,
        payload: { dataset: 'd1' },
        caller: 'ann',
      });
      work(queue, async ({ job }) => ({ saw: job.payload, attempt: job.attempt }));
      const job = await until(queue, id, 'succeeded');
      expect(job).toMatchObject({
        state: 'succeeded',
        result: { saw: { dataset: 'd1' }, attempt: 1 },
        attempt: 1,
        progress: 1,
        reason: null,
      });
      expect(job.finishedAt?.getTime()).toBeGreaterThanOrEqual(job.createdAt.getTime());
      expect(await statesOf(queue, id)).toEqual(['queued', 'running', 'succeeded']);
    });

    it('is known to every process of the database', async () => {
      const [a, b] = await Promise.all([start(), start()]);
      const { id } = await submit(a);
      expect((await b.get(id)).state).toBe('queued');
      work(b, async () => 'done');
      expect((await until(a, id, 'succeeded')).result).toBe('done');
    });

    it('starts at once where a worker is idle, without waiting for its poll', async () => {
      const queue = await start({ pollSeconds: 3600 });
      const started: string[] = [];
      work(queue, async ({ job }) => void started.push(job.id) as unknown as Json);
      for (let i = 0; i < 3; i++) {
        const { id } = await submit(queue);
        await until(queue, id, 'succeeded');
      }
      expect(started).toHaveLength(3);
    });

    it('that is submitted again under its id is the same', async () => {
      const queue = await start();
      const id = randomUUID();
      await submit(queue, 1, { id });
      expect(await submit(queue, 2, { id })).toMatchObject({ id, payload: 1 });
      work(queue, async () => 'once');
      await until(queue, id, 'succeeded');
      expect(await submit(queue, 3, { id })).toMatchObject({ id, payload: 1, state: 'succeeded' });
    });

    it('of a key is there once until it is finished', async () => {
      const queue = await start();
      const first = await submit(queue, 1, { singletonKey: 'digits' });
      const racing = await Promise.all([1, 2, 3].map((n) => submit(queue, n, { singletonKey: 'digits' })));
      expect(racing.map(({ id }) => id)).toEqual([first.id, first.id, first.id]);
      expect((await submit(queue, 2, { singletonKey: 'other' })).id).not.toBe(first.id);
      await queue.cancel(first.id, 'ann');
      expect((await submit(queue, 2, { singletonKey: 'digits' })).id).not.toBe(first.id);
    });

    it('keeps what it says, in order, and text that no database takes', async () => {
      const queue = await start();
      const { id } = await submit(queue);
      work(queue, async ({ progress, log, metric }) => {
        log('one\0two \ud800');
        metric({ loss: 0.5, worst: Number.NaN });
        progress(0.25);
        return { text: '\0', '\0key': 1 };
      });
      const job = await until(queue, id, 'succeeded');
      expect(job.result).toEqual({ text: '\ufffd', '\ufffdkey': 1 });
      const said: [string, Json][] = [];
      for await (const event of queue.events(id, 0)) if (event.kind !== 'state') said.push([event.kind, event.data]);
      expect(said).toEqual([
        ['log', 'one\ufffdtwo \ufffd'],
        ['metric', { loss: 0.5, worst: null }],
        ['progress', 0.25],
      ]);
    });

    it('that floods its log keeps the beginning and says how much is left out', async () => {
      const queue = await start();
      const { id } = await submit(queue);
      work(queue, async ({ log }) => {
        for (let i = 0; i < 5000; i++) log(`line ${i}`);
        return null;
      });
      await until(queue, id, 'succeeded');
      const lines: Json[] = [];
      for await (const event of queue.events(id, 0)) if (event.kind === 'log') lines.push(event.data);
      expect(lines[0]).toBe('line 0');
      expect(lines.at(-1)).toBe('(4000 lines are left out)');
      expect(lines).toHaveLength(1001);
    });
  });

  describe('the order', () => {
    async function orderOf(costs: readonly { cost: number; caller?: string; priority?: number }[]): Promise<number[]> {
      const queue = await start();
      const jobs: Job[] = [];
      for (const [i, terms] of costs.entries()) jobs.push(await submit(queue, i, terms));
      const order: number[] = [];
      work(queue, async ({ job }) => void order.push(job.payload as number) as unknown as Json);
      for (const { id } of jobs) await until(queue, id, 'succeeded');
      return order;
    }

    it('is smaller first, and of one size first come first', async () => {
      expect(await orderOf([{ cost: 600 }, { cost: 10 }, { cost: 60 }, { cost: 10 }])).toEqual([1, 3, 2, 0]);
    });

    it('lets a priority count like a smaller size', async () => {
      expect(await orderOf([{ cost: 60 }, { cost: 100, priority: 10 }])).toEqual([1, 0]);
    });

    it('makes a flood wait for itself and not the others for it', async () => {
      const flood = Array.from({ length: 20 }, () => ({ cost: 60, caller: 'flood' }));
      const order = await orderOf([...flood, { cost: 60, caller: 'bob' }]);
      expect(order.indexOf(20)).toBeLessThan(15);
    });

    it('is that of all kinds a device works on', async () => {
      const queue = await start();
      const large = await queue.submit(`${kind}-a`, 0, { ...TERMS, cost: 600 });
      const small = await queue.submit(`${kind}-b`, 1, { ...TERMS, cost: 6 });
      const order: Json[] = [];
      const handler: JobHandler = async ({ job }) => void order.push(job.payload) as unknown as Json;
      queue.work(device(), { [`${kind}-a`]: handler, [`${kind}-b`]: handler });
      for (const { id } of [large, small]) await until(queue, id, 'succeeded');
      expect(order).toEqual([1, 0]);
    });
  });

  describe('a device', () => {
    it('runs one job at a time; two run two', async () => {
      const queue = await start();
      const jobs = await Promise.all(Array.from({ length: 6 }, () => submit(queue)));
      const busy = new Map<string, number>();
      let most = 0;
      const met = gate();
      const handler: JobHandler = async ({ job }) => {
        const on = job.device as string;
        busy.set(on, (busy.get(on) ?? 0) + 1);
        most = Math.max(most, ...busy.values());
        if (busy.size === 2) met.open();
        await met.opened;
        busy.set(on, (busy.get(on) ?? 0) - 1);
        return null;
      };
      work(queue, handler);
      work(queue, handler);
      for (const { id } of jobs) await until(queue, id, 'succeeded');
      expect(most).toBe(1);
    });

    it("is one worker's until that one leaves", async () => {
      const queue = await start({ pollSeconds: 0.05 });
      const on = device();
      const seen: string[] = [];
      const first = work(queue, async () => void seen.push('first') as unknown as Json, on);
      await until(queue, (await submit(queue)).id, 'succeeded');
      work(queue, async () => void seen.push('second') as unknown as Json, on);
      await until(queue, (await submit(queue)).id, 'succeeded');
      expect(await queue.devices()).toContainEqual({ id: on, job: null, isLeased: true });
      await first.stop();
      await until(queue, (await submit(queue)).id, 'succeeded');
      expect(seen).toEqual(['first', 'first', 'second']);
    });
  });

  describe('a failure', () => {
    it('is tried again later, from the last checkpoint, and dead after the last attempt', async () => {
      const queue = await start({ pollSeconds: 0.05 });
      const { id } = await submit(queue, null, { attempts: 2 });
      const found: Json[] = [];
      work(queue, async ({ job, checkpoint }) => {
        found.push(job.checkpoint);
        await checkpoint({ step: job.attempt });
        throw new Error(`the disk is full (${job.attempt})`);
      });
      const waiting = await untilReason(queue, id, 'the disk is full (1)');
      expect(waiting).toMatchObject({ state: 'queued', attempt: 1 });
      expect(waiting.runAfter.getTime() - (waiting.startedAt?.getTime() ?? 0)).toBeGreaterThan(4000);
      await run(`UPDATE floe_boss.job SET start_after = now() WHERE id = '${id}'`);
      expect(await until(queue, id, 'dead')).toMatchObject({
        attempt: 2,
        reason: 'the disk is full (2)',
        checkpoint: { step: 2 },
      });
      expect(found).toEqual([null, { step: 1 }]);
      expect(await statesOf(queue, id)).toEqual(['queued', 'running', 'queued', 'running', 'dead']);
      expect(await queue.list({ state: 'dead', kind })).toHaveLength(1);
    });

    it('that trying again does not mend is dead at once; by hand it is queued again', async () => {
      const queue = await start();
      const { id } = await submit(queue);
      let isMended = false;
      work(queue, async ({ checkpoint }) => {
        await checkpoint('half');
        if (!isMended) throw new FloeError('INVALID_ARGUMENT', 'no such dataset');
        return 'done';
      });
      expect(await until(queue, id, 'dead')).toMatchObject({ attempt: 1, reason: 'no such dataset' });
      isMended = true;
      expect(await queue.retry(id)).toMatchObject({ state: 'queued', checkpoint: 'half', reason: null });
      expect(await until(queue, id, 'succeeded')).toMatchObject({ attempt: 2, result: 'done' });
      expect((await queue.retry(id)).state).toBe('succeeded');
    });

    it('is not queued again while another of its key is unfinished', async () => {
      const queue = await start();
      const first = await submit(queue, 1, { singletonKey: 'digits' });
      await queue.cancel(first.id, 'ann');
      const second = await submit(queue, 1, { singletonKey: 'digits' });
      const failed = {
        code: 'FAILED_PRECONDITION',
        message: expect.stringContaining('digits is unfinished') as string,
      };
      await expect(queue.retry(first.id)).rejects.toMatchObject(failed);
      await queue.cancel(second.id, 'ann');
      expect(await queue.retry(first.id)).toMatchObject({ state: 'queued' });
    });

    it('is also a result that is no JSON', async () => {
      const queue = await start();
      const { id } = await submit(queue);
      const loop: { self?: unknown } = {};
      loop.self = loop;
      work(queue, async () => loop as Json);
      expect((await until(queue, id, 'dead')).reason).toMatch(/result is no JSON/);
    });
  });

  describe('cancelling', () => {
    it('takes a queued job out', async () => {
      const queue = await start();
      const { id } = await submit(queue);
      expect(await queue.cancel(id, 'by ann')).toMatchObject({ state: 'cancelled', reason: 'by ann' });
      const next = await submit(queue);
      const seen: string[] = [];
      work(queue, async ({ job }) => void seen.push(job.id) as unknown as Json);
      await until(queue, next.id, 'succeeded');
      expect(seen).toEqual([next.id]);
    });

    it('interrupts a running job, whose device is free when the handler has ended', async () => {
      const queue = await start();
      const { id } = await submit(queue);
      const on = device();
      const interrupted = gate();
      const end = gate();
      work(
        queue,
        async ({ signal, checkpoint }) => {
          await aborted(signal).catch(() => {});
          await expect(checkpoint('late')).rejects.toMatchObject({ code: 'CANCELLED' });
          interrupted.open();
          await end.opened;
          return 'too late';
        },
        on,
      );
      await until(queue, id, 'running');
      await queue.cancel(id, 'by ann');
      await interrupted.opened;
      expect(await queue.devices()).toContainEqual({ id: on, job: id, isLeased: true });
      const next = await submit(queue);
      end.open();
      await until(queue, next.id, 'running');
      expect(await queue.get(id)).toMatchObject({ state: 'cancelled', result: null, checkpoint: null });
      expect(await statesOf(queue, id)).toEqual(['queued', 'running', 'cancelled']);
      await queue.cancel(next.id, 'by ann');
    });

    it('leaves alone what is finished, and a cancelled job can be queued again', async () => {
      const queue = await start();
      const { id } = await submit(queue);
      await queue.cancel(id, 'by ann');
      expect((await queue.cancel(id, 'by bob')).reason).toBe('by ann');
      await queue.retry(id);
      work(queue, async () => 'done');
      await until(queue, id, 'succeeded');
      expect(await queue.cancel(id, 'by bob')).toMatchObject({ state: 'succeeded', reason: null });
    });
  });

  describe('a worker', () => {
    it('that fell silent loses its job, which is resumed elsewhere, and cannot complete it when it comes back', async () => {
      const [a, b] = [await start(), await start()];
      const { id } = await submit(a);
      const back = gate();
      const over = gate();
      const silent = a.work(device(), {
        [kind]: async ({ checkpoint, log }) => {
          await checkpoint({ epoch: 3 });
          await back.opened;
          log('from the grave');
          await checkpoint({ epoch: 1 }).catch(() => {});
          over.open();
          return 'from the grave';
        },
      });
      await untilCheckpoint(a, id);
      await run(`UPDATE floe.device SET lease_until = now() - interval '1 second' WHERE job = '${id}'`);
      work(b, async ({ job }) => {
        back.open();
        await over.opened;
        return { from: job.checkpoint };
      });
      expect(await until(b, id, 'succeeded')).toMatchObject({ attempt: 2, result: { from: { epoch: 3 } } });
      await silent.stop();
      expect(await statesOf(b, id)).toEqual(['queued', 'running', 'queued', 'running', 'succeeded']);
      const said: JobEvent[] = [];
      for await (const event of b.events(id, 0)) if (event.kind === 'log') said.push(event);
      expect(said).toEqual([]);
    });

    it.each([
      ['an hour back', "lease_until + interval '1 hour'"],
      ['an hour on', "lease_until - interval '1 hour'"],
    ])('that is dead when the clock goes %s is not waited for', async (_, moved) => {
      const queue = await start();
      const { id } = await submit(queue);
      await run(
        `INSERT INTO floe.device VALUES ('${device()}', '${NONE}', '${id}', 1, now() + interval '3 seconds', 3)`,
      );
      await run(`UPDATE floe.job SET state = 'running', attempt = 1 WHERE id = '${id}'`);
      await run(`UPDATE floe_boss.job SET state = 'active' WHERE id = '${id}'`);
      await run(`UPDATE floe.device SET lease_until = ${moved} WHERE job = '${id}'`);
      work(queue, async () => 'done');
      expect(await until(queue, id, 'succeeded')).toMatchObject({ attempt: 2 });
    });

    it('that kills itself by a job is not fed it for ever', async () => {
      const queue = await start();
      const { id } = await submit(queue, null, { attempts: 1 });
      work(queue, async ({ signal }) => void (await aborted(signal)) as unknown as Json);
      await until(queue, id, 'running');
      await run(`UPDATE floe.device SET lease_until = now() - interval '1 second' WHERE job = '${id}'`);
      expect((await until(queue, id, 'dead')).reason).toMatch(/fell silent/);
    });

    it('that is stopped puts its job back, which counts as no failure', async () => {
      const queue = await start();
      const { id } = await submit(queue, null, { attempts: 1 });
      const stopped = work(queue, async ({ signal, checkpoint }) => {
        await checkpoint('half');
        return aborted(signal);
      });
      await until(queue, id, 'running');
      await untilCheckpoint(queue, id);
      await stopped.stop();
      expect(await queue.get(id)).toMatchObject({ state: 'queued', attempt: 1, lastAttempt: 2 });
      work(queue, async ({ job }) => job.checkpoint);
      expect(await until(queue, id, 'succeeded')).toMatchObject({ attempt: 2, result: 'half' });
    });

    it('drains a backlog without waiting for its poll', async () => {
      const queue = await start({ pollSeconds: 3600 });
      const jobs = await Promise.all(Array.from({ length: 100 }, (_, i) => submit(queue, i)));
      let ran = 0;
      work(queue, async () => ran++);
      for (const { id } of jobs) await until(queue, id, 'succeeded');
      expect(ran).toBe(100);
    });
  });

  describe('events', () => {
    it('go on after the last that was seen, while the job runs', async () => {
      const queue = await start();
      const { id } = await submit(queue);
      const go = gate();
      work(queue, async ({ log }) => {
        log('first');
        await go.opened;
        log('second');
        return null;
      });
      let last = 0;
      for await (const event of queue.events(id, 0)) {
        last = event.id;
        if (event.data === 'first') break;
      }
      go.open();
      const rest: Json[] = [];
      for await (const event of queue.events(id, last)) rest.push(event.data);
      expect(rest).toEqual(['second', { state: 'succeeded' }]);
    });

    it('end when nobody listens any more', async () => {
      const queue = await start();
      const { id } = await submit(queue);
      const leaving = new AbortController();
      const seen: Json[] = [];
      for await (const event of queue.events(id, 0, leaving.signal)) {
        seen.push(event.data);
        leaving.abort();
      }
      expect(seen).toEqual([{ state: 'queued' }]);
    });
  });

  describe('listing', () => {
    it('gives pages, the newest first', async () => {
      const queue = await start();
      const ids: string[] = [];
      for (let i = 0; i < 5; i++) ids.unshift((await submit(queue, i, { caller: i % 2 === 0 ? 'ann' : 'bob' })).id);
      const first = await queue.list({ kind, limit: 2 });
      const next = await queue.list({ kind, limit: 10, before: first[1]?.id ?? '' });
      expect([...first, ...next].map(({ id }) => id)).toEqual(ids);
      expect(await queue.list({ kind, caller: 'bob' })).toHaveLength(2);
      expect(await queue.list({ kind, state: 'running' })).toEqual([]);
    });
  });

  describe('what makes no sense', () => {
    it.each([
      ['a cost below zero', 'train', null, { cost: -1 }, 'cost'],
      ['a cost that is no number', 'train', null, { cost: Number.NaN }, 'cost'],
      ['no priority', 'train', null, { priority: 0 }, 'priority'],
      ['half an attempt', 'train', null, { attempts: 0.5 }, 'attempts'],
      ['a caller without a name', 'train', null, { caller: '' }, 'caller'],
      ['a key with NUL', 'train', null, { singletonKey: 'a\0b' }, 'singletonKey'],
      ['an id that is none', 'train', null, { id: 'x' }, 'id'],
      ['a kind in capitals', 'TRAIN', null, {}, 'kind'],
      ['a payload that is too long', 'train', 'x'.repeat(2 ** 20), {}, 'payload'],
    ])('%s is a typed error', async (_, what, payload, terms, field) => {
      const queue = await start();
      const submitting = queue.submit(what, payload, { ...TERMS, ...terms });
      await expect(submitting).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', details: [{ field }] });
    });

    it('an unknown job is NOT_FOUND, whatever is done to it', async () => {
      const queue = await start();
      for (const id of [NONE, 'nonsense']) {
        const tries = [
          queue.get(id),
          queue.cancel(id, 'x'),
          queue.retry(id),
          queue.events(id, 0)[Symbol.asyncIterator]().next(),
        ];
        await Promise.all(tries.map((one) => expect(one).rejects.toMatchObject({ code: 'NOT_FOUND' })));
      }
    });
  });

  async function untilReason(queue: JobQueue, id: string, reason: string): Promise<Job> {
    for await (const { data } of queue.events(id, 0)) if ((data as { reason?: string }).reason === reason) break;
    return queue.get(id);
  }

  /** Checkpoints are no events: asks until there is one. */
  async function untilCheckpoint(queue: JobQueue, id: string): Promise<void> {
    await until(queue, id, 'running');
    while ((await queue.get(id)).checkpoint === null);
  }
}

function gate(): { opened: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

/** Rejects when it aborts, or has aborted already. */
function aborted(signal: JobContext['signal']): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  if (signal.aborted) reject(signal.reason);
  else signal.addEventListener('abort', () => reject(signal.reason));
  return promise;
}

/**
 * The durable queue on a PostgreSQL server of its own: jobs submitted one by one, an idle worker's start, and a backlog drained by one
 * device. The peer is the least that is durable: one row inserted and committed. Times are of jobs that do nothing.
 */
import pg from 'pg';
import { PostgresProcess } from '../../conformance/postgres/postgres-process.ts';
import type { JobQueue } from '../../packages/server/src/jobs/job.ts';
import { openJobs } from '../../packages/server/src/jobs/queue.ts';
import { openSql } from '../../packages/server/src/sql/open.ts';
import type { Case } from '../lib/case.ts';
import { output } from '../lib/children.ts';
import { POSTGRES_INSTALL } from '../lib/paths.ts';
import { inTurns, median, medianOf } from '../lib/stats.ts';

const SINGLE = 500;
const STARTS = 100;
const BACKLOG = 10_000;
/** Jobs of which a stall would show. */
const STRETCH = 500;

export const jobs: Case = async (_, { repeats, length }) => {
  await output(POSTGRES_INSTALL, []);
  const server = await PostgresProcess.start();
  const sql = await openSql(server.url);
  const queue = await openJobs(sql);
  const client = new pg.Client(server.url);
  await client.connect();
  await client.query('CREATE TABLE bare (id bigserial PRIMARY KEY, payload jsonb)');
  const { submitted, inserted } = await inTurns(repeats, {
    submitted: () => each(SINGLE, () => submit(queue, 'turn')),
    inserted: () =>
      each(SINGLE, () =>
        client.query({ name: 'bare', text: 'INSERT INTO bare (payload) VALUES ($1)', values: ['{}'] }),
      ),
  });
  const started = await starts(queue, Math.round(STARTS * length));
  const drained = await drain(queue, BACKLOG * length);
  await client.end();
  await queue.close();
  await sql.close();
  await server.remove();
  const whole = drained.reduce((sum, ms) => sum + ms, 0) / drained.length;
  return [
    { name: 'a job submitted, one by one', value: median(submitted), unit: 'ms', aim: 2 },
    { name: 'a row inserted and committed', value: median(inserted), unit: 'ms' },
    {
      name: 'a job submitted / a row inserted',
      value: medianOf(submitted, inserted, (a, b) => a / b),
      unit: 'ratio',
      limit: { most: 5, slack: 3 },
    },
    { name: 'submitted to started, idle worker, median', value: median(started), unit: 'ms', aim: 50 },
    { name: `a job of a backlog of ${BACKLOG * length}, by one device`, value: whole, unit: 'ms', aim: 2.5 },
    {
      name: `the slowest ${STRETCH} of the backlog / the median`,
      value: Math.max(...drained) / median(drained),
      unit: 'ratio',
      limit: { most: 2, slack: 2 },
    },
  ];
};

function submit(queue: JobQueue, kind: string): Promise<unknown> {
  return queue.submit(kind, { dataset: 'none' }, { cost: 1, caller: 'bench' });
}

/** Milliseconds for each. */
async function each(count: number, act: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  for (let i = 0; i < count; i++) await act();
  return (performance.now() - started) / count;
}

async function starts(queue: JobQueue, count: number): Promise<number[]> {
  let heard = (): void => {};
  const worker = queue.work('idle', { start: async () => heard() as unknown as null });
  const found: number[] = [];
  for (let i = 0; i < count; i++) {
    const { promise, resolve } = Promise.withResolvers<void>();
    heard = resolve;
    const at = performance.now();
    await submit(queue, 'start');
    await promise;
    found.push(performance.now() - at);
    // So that the worker waits again.
    await new Promise((idle) => setTimeout(idle, 20));
  }
  await worker.stop();
  return found;
}

/** Milliseconds for each job, of one stretch after the other. */
async function drain(queue: JobQueue, count: number): Promise<number[]> {
  await Promise.all(Array.from({ length: 8 }, () => each(count / 8, () => submit(queue, 'drain'))));
  const { promise, resolve } = Promise.withResolvers<void>();
  const stretches: number[] = [];
  let ran = 0;
  let at = performance.now();
  const handler = async (): Promise<null> => {
    if (++ran % STRETCH === 0) {
      stretches.push((performance.now() - at) / STRETCH);
      at = performance.now();
    }
    if (ran === count) resolve();
    return null;
  };
  const worker = queue.work('drain', { drain: handler });
  await promise;
  await worker.stop();
  return stretches;
}

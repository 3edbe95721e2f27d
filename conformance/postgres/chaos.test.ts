/**
 * Workers killed and frozen, connections cut and the database killed at random points, while jobs are submitted and cancelled. What must hold
 * in the end: every job that was accepted is there and finished, succeeded once, went on from its checkpoints, and never ran on a
 * device together with another.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { env, execPath } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { random as seeded } from '../../bench/lib/random.ts';
import type { Job, JobQueue, Json } from '../../packages/server/src/jobs/job.ts';
import { openJobs } from '../../packages/server/src/jobs/queue.ts';
import { openSql } from '../../packages/server/src/sql/open.ts';
import type { Sql } from '../../packages/server/src/sql/sql.ts';
import { PostgresProcess } from './postgres-process.ts';

const SEED = Number(env['FLOE_SEED'] ?? 1);
const WORKERS = 3;
const JOBS = 150;
const BLOWS = 40;
const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));
/** Longer than a lease. */
const FREEZE_MS = 2500;

const random = seeded(SEED);
const below = (most: number): number => Math.floor(random() * most);

let server: PostgresProcess;
let sql: Sql;
let queue: JobQueue;
const workers: ChildProcess[] = [];
/** Workers that ended though nobody killed them. */
let crashes = 0;

beforeAll(async () => {
  server = await PostgresProcess.start();
  sql = await openSql(server.url);
  queue = await openJobs(sql);
  for (let slot = 0; slot < WORKERS; slot++) await startWorker(slot);
});

afterAll(async () => {
  for (const worker of workers) worker.kill('SIGKILL');
  await queue.close();
  await sql.close();
  await server.remove();
});

it(`loses no job and completes none twice (seed ${SEED})`, async () => {
  const ids: string[] = [];
  const blows: Record<string, number> = {};
  const submitting = submitAll(ids);
  for (let blow = 0; blow < BLOWS; blow++) {
    await sleep(50 + below(400));
    const name = await strike(ids);
    blows[name] = (blows[name] ?? 0) + 1;
  }
  await submitting;
  for (let slot = 0; slot < WORKERS; slot++) await restartWorker(slot);
  const jobs = await Promise.all(ids.map(finished));
  const counts = Object.groupBy(jobs, ({ state }) => state);
  console.log(blows, Object.fromEntries(Object.entries(counts).map(([state, all]) => [state, all?.length])));
  expect((counts.succeeded?.length ?? 0) + (counts.cancelled?.length ?? 0)).toBe(JOBS);
  expect(await sql.script('SELECT count(*)::int AS jobs FROM floe.job')).toEqual([{ jobs: JOBS }]);
  expect(await sql.script('SELECT count(*)::int AS jobs FROM floe_boss.job')).toEqual([{ jobs: 0 }]);
  for (const job of counts.succeeded ?? []) expectWalked(job);
  for (const job of jobs) await expectStory(job);
  await expectOneJobADevice();
  expect(crashes).toBe(0);
});

/** Submits again what got no answer, under the same id. */
async function submitAll(ids: string[]): Promise<void> {
  for (let i = 0; i < JOBS; i++) {
    const id = randomUUID();
    const payload = { steps: 1 + (i % 5), ms: 10 + (i % 7) * 20 };
    const terms = { id, cost: payload.steps * payload.ms, caller: `caller ${i % 3}`, attempts: 100 };
    await untilDone(() => queue.submit('walk', payload, terms));
    ids.push(id);
    await sleep(60);
  }
}

async function strike(ids: readonly string[]): Promise<string> {
  const slot = below(WORKERS);
  const kind = random();
  if (kind < 0.35) {
    await restartWorker(slot);
    return 'worker killed';
  }
  if (kind < 0.5) {
    const worker = workers[slot] as ChildProcess;
    worker.kill('SIGSTOP');
    setTimeout(() => worker.kill('SIGCONT'), FREEZE_MS);
    return 'worker frozen';
  }
  if (kind < 0.65) {
    await server.kill();
    await sleep(below(1000));
    await server.run();
    return 'database killed';
  }
  if (kind < 0.8) {
    await sql
      .script('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()')
      .catch(() => {});
    return 'connections cut';
  }
  const id = ids[below(ids.length)];
  if (id !== undefined) await untilDone(() => queue.cancel(id, 'the chaos'));
  return 'cancelled';
}

async function untilDone<T>(act: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await act();
    } catch {
      await sleep(50);
    }
  }
}

async function startWorker(slot: number): Promise<void> {
  const worker = spawn(execPath, [WORKER, server.url, `device ${slot}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  workers[slot] = worker;
  // The database may be away: then it ends, and is started again with a later blow.
  await Promise.race([once(worker.stdout as NodeJS.ReadableStream, 'data'), once(worker, 'exit')]);
  worker.on('exit', (code) => {
    if (code !== null) crashes++;
  });
}

async function restartWorker(slot: number): Promise<void> {
  const worker = workers[slot] as ChildProcess;
  if (worker.exitCode === null && worker.signalCode === null) {
    worker.kill('SIGKILL');
    await once(worker, 'exit');
  }
  await startWorker(slot);
}

async function finished(id: string): Promise<Job> {
  for await (const _ of queue.events(id, 0));
  return queue.get(id);
}

/** The last attempt walked from the last checkpoint to the end. */
function expectWalked({ id, payload, result }: Job): void {
  const { steps } = payload as { steps: number };
  const { from, walked } = result as { from: number; walked: number[] };
  expect(walked, id).toEqual(Array.from({ length: steps - from }, (_, i) => from + i));
}

/** A story of states that the table in `job.ts` allows, told by attempts that only grow, with one end. */
async function expectStory({ id, state }: Job): Promise<void> {
  const NEXT: Readonly<Record<string, readonly string[]>> = {
    queued: ['running', 'cancelled'],
    running: ['queued', 'succeeded', 'cancelled'],
    succeeded: [],
    cancelled: [],
  };
  let last = 'queued';
  let attempt = 0;
  let isFirst = true;
  for await (const event of queue.events(id, 0)) {
    expect(event.attempt, id).toBeGreaterThanOrEqual(attempt);
    attempt = event.attempt;
    if (event.kind !== 'state') continue;
    const now = (event.data as { state: string }).state;
    if (!isFirst) expect(NEXT[last], `${id}: ${last} -> ${now}`).toContain(now);
    isFirst = false;
    last = now;
  }
  expect(last, id).toBe(state);
}

/** From when a job runs on a device until its next state, no other begins there. */
async function expectOneJobADevice(): Promise<void> {
  const rows = await sql.script(`
    WITH told AS (
      SELECT job, data, at, lead(at) OVER (PARTITION BY job ORDER BY id) AS until FROM floe.job_event WHERE kind = 'state'
    ), ran AS (SELECT job, data ->> 'device' AS device, at, until FROM told WHERE data ->> 'state' = 'running')
    SELECT a.job, b.job AS other FROM ran a JOIN ran b ON a.device = b.device AND a.job <> b.job AND b.at > a.at AND b.at < a.until`);
  expect(rows satisfies readonly unknown[] as Json[]).toEqual([]);
}

/**
 * Every step of a job from one state to another, each one transaction: pg-boss's row first, ours second, the device's last, always in this
 * order, so that no two wait for each other. Ours says whether the step may be taken; where it may not, all of it is undone.
 *
 * A running job is fenced by its attempt: whoever was given up for dead holds an old one and changes nothing any more.
 */
import { type RawBuilder, sql } from 'kysely';
import type { Dispatcher, Tx } from './dispatcher.ts';
import { clean } from './encode.ts';
import type { Job, JobState } from './job.ts';
import { type JobRow, jobOf } from './tables.ts';
import type { Verdict } from './verdict.ts';

/** What is notified: `queued <kind>`, `job <id>` for each event of it, and `cancelled <id>`. */
export const CHANNEL = 'floe_jobs';

/** Undoes the transaction it is thrown in: somebody else has decided about the job, or has the device. */
export class GivenUp extends Error {}

export interface NewJob {
  readonly id: string;
  readonly kind: string;
  readonly payload: string;
  readonly caller: string;
  readonly cost: number;
  readonly priority: number;
  readonly singletonKey: string | null;
  readonly rank: number;
  readonly attempts: number;
}

export interface Lease {
  readonly device: string;
  readonly worker: string;
  readonly seconds: number;
}

/** Which attempt of which job. */
export interface Held {
  readonly id: string;
  readonly kind: string;
  readonly attempt: number;
}

export async function submit(tx: Tx, dispatcher: Dispatcher, job: NewJob): Promise<Job> {
  await dispatcher.enqueue(tx, job, 0);
  const { rows } = await sql<JobRow>`
    WITH added AS (
      INSERT INTO floe.job (id, kind, payload, caller, cost, priority, singleton_key, rank, attempts, last_attempt)
      VALUES (${job.id}, ${job.kind}, ${job.payload}::jsonb, ${job.caller}, ${job.cost}, ${job.priority}, ${job.singletonKey}, ${job.rank},
        ${job.attempts}, ${job.attempts})
      ON CONFLICT DO NOTHING RETURNING *
    ), ${said(sql`added`)}
    SELECT added.*, pg_notify(${CHANNEL}, 'queued ' || kind) FROM added`.execute(tx);
  return jobOf(only(rows));
}

/** The next job of `kind`, begun on a leased device; undefined where there is none. */
export async function begin(tx: Tx, dispatcher: Dispatcher, kind: string, lease: Lease): Promise<Job | undefined> {
  const id = await dispatcher.take(tx, kind);
  if (id === undefined) return undefined;
  const { rows } = await sql<JobRow & { leased: string | null }>`
    WITH begun AS (
      UPDATE floe.job SET state = 'running', attempt = attempt + 1, device = ${lease.device}, started_at = clock_timestamp()
      WHERE id = ${id} AND state = 'queued' RETURNING *
    ), leased AS (
      UPDATE floe.device SET job = begun.id, attempt = begun.attempt, lease_until = ${inSeconds(lease.seconds)}
      FROM begun WHERE ${isLeasedBy(lease)} RETURNING device.id
    ), ${said(sql`begun`)}
    SELECT begun.*, (SELECT id FROM leased) AS leased, pg_notify(${CHANNEL}, 'job ' || id) FROM begun`.execute(tx);
  const row = only(rows);
  if (row.leased === null) throw new GivenUp();
  return jobOf(row);
}

export function succeed(tx: Tx, dispatcher: Dispatcher, held: Held, result: string): Promise<void> {
  return end(tx, dispatcher, held, sql`state = 'succeeded', progress = 1, reason = NULL, result = ${result}::jsonb`);
}

/** After a failure. `isStill` must hold for the job besides. */
export async function settle(
  tx: Tx,
  dispatcher: Dispatcher,
  held: Held,
  verdict: Verdict,
  reason: string,
  isStill = sql`true`,
): Promise<void> {
  if (verdict.next === 'dead')
    return end(tx, dispatcher, held, sql`state = 'dead', reason = ${clean(reason)}`, isStill);
  const { delaySeconds, lastAttempt } = verdict;
  await dispatcher.remove(tx, held);
  const { rows } = await sql<JobRow>`
    WITH queued AS (
      UPDATE floe.job SET state = 'queued', reason = ${clean(reason)}, last_attempt = ${lastAttempt}, run_after = ${inSeconds(delaySeconds)}
      WHERE ${isHeld(held)} AND ${isStill} RETURNING *
    ), ${freed(held)}, ${said(sql`queued`)}
    SELECT queued.*, pg_notify(${CHANNEL}, 'job ' || id), pg_notify(${CHANNEL}, 'queued ' || kind) FROM queued`.execute(
    tx,
  );
  await dispatcher.enqueue(tx, only(rows), delaySeconds);
}

async function end(
  tx: Tx,
  dispatcher: Dispatcher,
  held: Held,
  change: RawBuilder<unknown>,
  isStill = sql`true`,
): Promise<void> {
  await dispatcher.remove(tx, held);
  const { rows } = await sql`
    WITH ended AS (
      UPDATE floe.job SET ${change}, finished_at = clock_timestamp() WHERE ${isHeld(held)} AND ${isStill} RETURNING *
    ), ${freed(held)}, ${said(sql`ended`)}
    SELECT pg_notify(${CHANNEL}, 'job ' || id) FROM ended`.execute(tx);
  only(rows);
}

/** The device is not free before the handler has noticed. */
export async function cancel(tx: Tx, dispatcher: Dispatcher, job: Job, by: string): Promise<Job> {
  await dispatcher.remove(tx, job);
  const { rows } = await sql<JobRow>`
    WITH cancelled AS (
      UPDATE floe.job SET state = 'cancelled', reason = ${clean(by)}, finished_at = clock_timestamp()
      WHERE id = ${job.id} AND state IN ('queued', 'running') RETURNING *
    ), ${said(sql`cancelled`)}
    SELECT cancelled.*, pg_notify(${CHANNEL}, 'job ' || id), pg_notify(${CHANNEL}, 'cancelled ' || id) FROM cancelled`.execute(
    tx,
  );
  return jobOf(only(rows));
}

export async function revive(tx: Tx, dispatcher: Dispatcher, job: Job, rank: number): Promise<Job> {
  const { rows } = await sql<JobRow>`
    WITH queued AS (
      UPDATE floe.job SET state = 'queued', reason = NULL, rank = ${rank}, last_attempt = attempt + attempts,
        run_after = clock_timestamp(), finished_at = NULL
      WHERE id = ${job.id} AND state IN ('dead', 'cancelled') AND NOT EXISTS (
        SELECT FROM floe.job other WHERE other.kind = job.kind AND other.singleton_key = job.singleton_key
          AND other.state IN ('queued', 'running')) RETURNING *
    ), ${said(sql`queued`)}
    SELECT queued.*, pg_notify(${CHANNEL}, 'job ' || id), pg_notify(${CHANNEL}, 'queued ' || kind) FROM queued`.execute(
    tx,
  );
  const row = only(rows);
  await dispatcher.enqueue(tx, row, 0);
  return jobOf(row);
}

const FINISHED: ReadonlySet<JobState> = new Set<JobState>(['succeeded', 'dead', 'cancelled']);

export function isFinished(state: JobState): boolean {
  return FINISHED.has(state);
}

export function inSeconds(seconds: number): RawBuilder<Date> {
  return sql`clock_timestamp() + make_interval(secs => ${seconds}::float8)`;
}

export function isLeasedBy({ device, worker }: Lease): RawBuilder<boolean> {
  return sql`device.id = ${device} AND device.worker = ${worker} AND ${IS_ALIVE}`;
}

/** A lease that ends later than one that is taken now is of before the clock went back, and ends nobody knows when. */
export const IS_ALIVE = sql<boolean>`device.lease_until BETWEEN clock_timestamp() AND clock_timestamp() + make_interval(secs => device.seconds)`;

export function isHeld({ id, attempt }: { id: string; attempt: number }): RawBuilder<boolean> {
  return sql`job.id = ${id} AND job.attempt = ${attempt} AND job.state = 'running'`;
}

function freed({ id, attempt }: Held): RawBuilder<unknown> {
  return sql`freed AS (UPDATE floe.device SET job = NULL, attempt = NULL WHERE job = ${id} AND attempt = ${attempt})`;
}

/** The event of the state that the jobs in `changed` have come to. */
function said(changed: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`said AS (
    INSERT INTO floe.job_event (job, attempt, kind, data)
    SELECT id, attempt, 'state', jsonb_strip_nulls(jsonb_build_object('state', state, 'reason', reason,
      'device', CASE WHEN state = 'running' THEN device END)) FROM ${changed}
  )`;
}

function only<T>(rows: readonly T[]): T {
  const [row] = rows;
  if (row === undefined) throw new GivenUp();
  return row;
}

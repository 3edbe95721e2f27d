/**
 * Who has which device. A worker leases one for as long as it lives and says so a few times in each lease; a lease that ran out is
 * anybody's, and the job that ran under it is begun again elsewhere. All times are of the database's clock.
 */
import { type Kysely, sql } from 'kysely';
import type { Device } from './job.ts';
import type { JobTables } from './tables.ts';
import { type Held, IS_ALIVE, inSeconds, isHeld, isLeasedBy, type Lease } from './transitions.ts';

type Db = Kysely<JobTables>;

/** False while another worker has it. */
export async function lease(db: Db, { device, worker, seconds }: Lease): Promise<boolean> {
  const { rows } = await sql`
    INSERT INTO floe.device (id, worker, lease_until, seconds) VALUES (${device}, ${worker}, ${inSeconds(seconds)}, ${seconds})
    ON CONFLICT (id) DO UPDATE SET worker = EXCLUDED.worker, job = NULL, attempt = NULL, lease_until = EXCLUDED.lease_until,
      seconds = EXCLUDED.seconds
    WHERE NOT (${IS_ALIVE}) OR device.worker = EXCLUDED.worker RETURNING id`.execute(db);
  return rows.length === 1;
}

export interface Beat {
  /** Whether the device is still leased. */
  readonly isLeased: boolean;
  /** Whether the attempt is still this worker's; true where there is none. */
  readonly isHeld: boolean;
}

/** What ran out is not made longer: somebody else may have been told already. */
export async function beat(db: Db, lease: Lease, held: Held | undefined): Promise<Beat> {
  const attempt = held === undefined ? sql`true` : sql`EXISTS (SELECT FROM floe.job WHERE ${isHeld(held)})`;
  const { rows } = await sql<{ held: boolean }>`
    UPDATE floe.device SET lease_until = ${inSeconds(lease.seconds)} WHERE ${isLeasedBy(lease)} RETURNING ${attempt} AS held`.execute(
    db,
  );
  return { isLeased: rows.length === 1, isHeld: rows[0]?.held ?? false };
}

/** Nothing runs on it: for a worker that has just begun, or lost a job. */
export async function vacate(db: Db, { device, worker }: Lease): Promise<void> {
  await sql`UPDATE floe.device SET job = NULL, attempt = NULL WHERE id = ${device} AND worker = ${worker}`.execute(db);
}

/** Free for anybody. */
export async function release(db: Db, { device, worker }: Lease): Promise<void> {
  await sql`
    UPDATE floe.device SET job = NULL, attempt = NULL, lease_until = clock_timestamp()
    WHERE id = ${device} AND worker = ${worker}`.execute(db);
}

/** True of a running job whose worker is silent. */
export const isAbandoned = sql<boolean>`NOT EXISTS (
  SELECT FROM floe.device WHERE device.job = job.id AND device.attempt = job.attempt AND ${IS_ALIVE})`;

export interface Abandoned extends Held {
  readonly attempts: number;
  readonly lastAttempt: number;
  readonly keptIn: number;
  readonly device: string;
}

export async function abandoned(db: Db): Promise<readonly Abandoned[]> {
  const { rows } = await sql<Abandoned>`
    SELECT id, kind, attempt, attempts, last_attempt AS "lastAttempt", kept_in AS "keptIn", device FROM floe.job
    WHERE state = 'running' AND ${isAbandoned}`.execute(db);
  return rows;
}

export async function devices(db: Db): Promise<readonly Device[]> {
  const { rows } = await sql<Device>`
    SELECT id, job, (${IS_ALIVE}) AS "isLeased" FROM floe.device ORDER BY id`.execute(db);
  return rows;
}

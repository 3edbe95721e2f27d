/** The tables of jobs. pg-boss keeps its own in the schema `floe_boss`, with one row for each job that is queued or running. */
import { type Generated, type Kysely, sql } from 'kysely';
import type { Migrations } from '../sql/migrate.ts';
import type { Job, Json } from './job.ts';

export type JobTables = {
  'floe.job': JobRow;
  'floe.job_event': EventRow;
  'floe.device': DeviceRow;
};

export interface JobRow {
  id: string;
  kind: string;
  payload: Json;
  caller: string;
  cost: number;
  priority: number;
  singleton_key: string | null;
  state: Job['state'];
  rank: number;
  attempt: number;
  last_attempt: number;
  attempts: number;
  progress: number;
  checkpoint: Json;
  kept_in: number;
  result: Json;
  reason: string | null;
  device: string | null;
  created_at: Date;
  run_after: Date;
  started_at: Date | null;
  finished_at: Date | null;
}

interface EventRow {
  id: Generated<string>;
  job: string;
  attempt: number;
  kind: string;
  at: Generated<Date>;
  data: Json;
}

interface DeviceRow {
  id: string;
  worker: string;
  job: string | null;
  attempt: number | null;
  lease_until: Date;
  /** How long a lease is. */
  seconds: number;
}

export const JOB_MIGRATIONS: Migrations = {
  '1': createTables,
  // The attempt that kept the checkpoint.
  '2-kept-in': (db) =>
    db.schema
      .alterTable('floe.job')
      .addColumn('kept_in', 'integer', (column) => column.notNull().defaultTo(0))
      .execute(),
};

async function createTables(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `CREATE TABLE floe.job (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    payload jsonb NOT NULL,
    caller text NOT NULL,
    cost double precision NOT NULL,
    priority double precision NOT NULL,
    singleton_key text,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'succeeded', 'dead', 'cancelled')),
    rank integer NOT NULL,
    attempt integer NOT NULL DEFAULT 0,
    last_attempt integer NOT NULL,
    attempts integer NOT NULL,
    progress double precision NOT NULL DEFAULT 0,
    checkpoint jsonb,
    result jsonb,
    reason text,
    device text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    run_after timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at timestamptz,
    finished_at timestamptz
  )`,
  `CREATE UNIQUE INDEX job_singleton ON floe.job (kind, singleton_key) WHERE state IN ('queued', 'running')`,
  `CREATE INDEX job_next ON floe.job (kind, rank DESC) WHERE state = 'queued'`,
  `CREATE INDEX job_running ON floe.job (id) WHERE state = 'running'`,
  `CREATE INDEX job_unfinished ON floe.job (caller, cost) WHERE state IN ('queued', 'running')`,
  `CREATE INDEX job_newest ON floe.job (created_at DESC, id DESC)`,
  `CREATE INDEX job_finished ON floe.job (finished_at) WHERE finished_at IS NOT NULL`,
  `CREATE TABLE floe.job_event (
    id bigint GENERATED ALWAYS AS IDENTITY,
    job uuid NOT NULL,
    attempt integer NOT NULL,
    kind text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    data jsonb NOT NULL,
    PRIMARY KEY (job, id)
  )`,
  `CREATE TABLE floe.device (
    id text PRIMARY KEY,
    worker uuid NOT NULL,
    job uuid,
    attempt integer,
    lease_until timestamptz NOT NULL,
    seconds double precision NOT NULL
  )`,
];

export function jobOf(row: JobRow): Job {
  return {
    id: row.id,
    kind: row.kind,
    payload: row.payload,
    caller: row.caller,
    cost: row.cost,
    priority: row.priority,
    state: row.state,
    attempt: row.attempt,
    lastAttempt: row.last_attempt,
    attempts: row.attempts,
    progress: row.progress,
    checkpoint: row.checkpoint,
    keptIn: row.kept_in,
    result: row.result,
    reason: row.reason,
    device: row.device,
    singletonKey: row.singleton_key,
    createdAt: row.created_at,
    runAfter: row.run_after,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}

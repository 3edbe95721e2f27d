/** The events of one job, those that were and those to come, until the job is finished. */
import { type Kysely, sql } from 'kysely';
import { Bell } from './bell.ts';
import type { JobEvent, JobState, Json } from './job.ts';
import type { JobTables } from './tables.ts';
import { isFinished } from './transitions.ts';
import type { Wakes } from './wakes.ts';

const PAGE = 500;
/** Only for notifications that were lost. */
const LOOK_MS = 5000;

interface Row {
  id: number;
  attempt: number;
  kind: JobEvent['kind'];
  at: Date;
  data: Json;
}

/** Ends at once for a job that does not exist (any more). */
export async function* follow(
  db: Kysely<JobTables>,
  wakes: Wakes,
  id: string,
  after: number,
  signal?: AbortSignal,
): AsyncGenerator<JobEvent> {
  const bell = new Bell();
  const unsubscribe = wakes.on(`job ${id}`, bell.ring);
  signal?.addEventListener('abort', bell.ring);
  try {
    let last = after;
    while (signal?.aborted !== true) {
      // In this order: what was said before the job was finished is there once it is.
      const state = await stateOf(db, id);
      const page = await pageAfter(db, id, last);
      yield* page;
      last = page.at(-1)?.id ?? last;
      if (page.length === PAGE) continue;
      if (state === undefined || isFinished(state)) return;
      await bell.wait(LOOK_MS);
    }
  } finally {
    unsubscribe();
    signal?.removeEventListener('abort', bell.ring);
  }
}

async function stateOf(db: Kysely<JobTables>, id: string): Promise<JobState | undefined> {
  const row = await db.selectFrom('floe.job').select('state').where('id', '=', id).executeTakeFirst();
  return row?.state;
}

async function pageAfter(db: Kysely<JobTables>, id: string, after: number): Promise<readonly JobEvent[]> {
  const { rows } = await sql<Row>`
    SELECT id::float8 AS id, attempt, kind, at, data FROM floe.job_event
    WHERE job = ${id} AND id > ${after} ORDER BY job_event.id LIMIT ${PAGE}`.execute(db);
  return rows;
}

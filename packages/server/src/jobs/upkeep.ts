/**
 * What keeps the tables small and their plans good. A queue's table goes from nothing to thousands of rows and back within seconds, and
 * statistics of another size make each look at it a look at all of it: a backlog of 10,000 drained at less than half its rate. A server's
 * own upkeep comes by once a minute, the embedded database has none.
 */
import { sql } from 'kysely';
import type { Sql } from '../sql/sql.ts';

/** Rows changed since the last time, from which on it is worth while. */
const MANY = 500;

export async function upkeep(database: Sql, retainDays: number): Promise<void> {
  await sql`
    WITH old AS (
      DELETE FROM floe.job WHERE finished_at < clock_timestamp() - make_interval(days => ${retainDays}::int) RETURNING id
    )
    DELETE FROM floe.job_event USING old WHERE job_event.job = old.id`.execute(database.db);
  const { rows } = await sql<{ table: string }>`
    SELECT quote_ident(schemaname) || '.' || quote_ident(relname) AS "table" FROM pg_stat_user_tables
    WHERE schemaname IN ('floe', 'floe_boss') AND n_mod_since_analyze > ${MANY}`.execute(database.db);
  const command = database.kind === 'embedded' ? 'VACUUM (ANALYZE)' : 'ANALYZE';
  for (const { table } of rows) await database.script(`${command} ${table}`);
}

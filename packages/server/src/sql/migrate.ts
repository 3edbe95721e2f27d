/**
 * Brings a room's tables up to date. Each room keeps its own list of migrations, by name and in their order; what has been run is
 * written down in the database. Two processes that start at once wait for each other (an advisory lock of PostgreSQL).
 */
import { FloeError } from '@floe/graph/base';
import { type Kysely, sql as query } from 'kysely';
import { Migrator } from 'kysely/migration';
import { SCHEMA, type Sql } from './sql.ts';

export type Migrations = Readonly<Record<string, (db: Kysely<unknown>) => Promise<void>>>;

/** Throws FAILED_PRECONDITION where a newer Floe has been here, and what the database says where a migration fails. */
export async function migrate(sql: Sql, room: string, migrations: Migrations): Promise<void> {
  const steps = Object.fromEntries(Object.entries(migrations).map(([name, up]) => [name, { up }]));
  const migrator = new Migrator({
    db: sql.db,
    provider: { getMigrations: async () => steps },
    migrationTableSchema: SCHEMA,
    migrationTableName: `${room}_migration`,
    migrationLockTableName: `${room}_migration_lock`,
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw await explained(sql, room, migrations, error);
}

async function explained(sql: Sql, room: string, migrations: Migrations, cause: unknown): Promise<unknown> {
  const table = query.id(SCHEMA, `${room}_migration`);
  const { rows } = await query<{ name: string }>`SELECT name FROM ${table}`.execute(sql.db).catch(() => ({ rows: [] }));
  const newer = rows.map(({ name }) => name).filter((name) => !(name in migrations));
  if (newer.length === 0) return cause;
  const message = `the database was brought up to date by a newer Floe (${room}: ${newer.join(', ')}): run that one`;
  return new FloeError('FAILED_PRECONDITION', message, { field: 'sql' }, cause);
}

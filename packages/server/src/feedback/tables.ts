/** The tables of feedback: who asked what, what was answered, and what would have been right. */
import { type Generated, type Kysely, type RawBuilder, sql } from 'kysely';
import type { Migrations } from '../sql/migrate.ts';
import { SCHEMA, type Sql } from '../sql/sql.ts';

export interface InteractionRow {
  readonly id: Generated<string>;
  readonly model: string;
  /** Version that answered; null where nobody answered and an input came with its label. */
  readonly version: number | null;
  readonly request_id: string;
  readonly at: Generated<Date>;
  readonly caller: string;
  readonly subject: string | null;
  readonly signature: string | null;
  /** Digest of the inputs. */
  readonly payload: string;
  /** Class of each row; null where the answer is not a classifier's. */
  readonly answered: number[] | null;
  /** Right class of each row; null until somebody says. */
  readonly labels: number[] | null;
  /** Rows that were answered rightly. */
  readonly right_rows: number | null;
  readonly labelled_by: string | null;
  readonly labelled_at: Date | null;
}

export interface PayloadRow {
  readonly digest: string;
  readonly bytes: number;
}

export type FeedbackTables = {
  readonly feedback_interaction: InteractionRow;
  readonly feedback_payload: PayloadRow;
};

export type Db = Kysely<FeedbackTables>;

/** Their own names, within our schema. */
export function tablesOf({ db }: Pick<Sql, 'db'>): Db {
  return db.withSchema(SCHEMA).withTables<FeedbackTables>();
}

/** The moment by the database's clock, which is the only one that all processes share. */
export const NOW: RawBuilder<Date> = sql<Date>`clock_timestamp()`;

/**
 * Payloads are bytes elsewhere, rows here. Who writes both holds the lock shared, who deletes both holds it alone: a payload that somebody
 * deletes is not one that somebody else has just found to be there. Lasts as long as the transaction.
 */
export function lockPayloads(db: Kysely<FeedbackTables>, mode: 'shared' | 'alone'): Promise<unknown> {
  const key = sql`hashtextextended('floe.feedback_payload', 0)`;
  const lock = mode === 'shared' ? sql`pg_advisory_xact_lock_shared(${key})` : sql`pg_advisory_xact_lock(${key})`;
  return sql`SELECT ${lock}`.execute(db);
}

export const FEEDBACK_MIGRATIONS: Migrations = {
  '1-interactions': async (plain) => {
    const db = plain.withSchema(SCHEMA).schema;
    await db
      .createTable('feedback_payload')
      .addColumn('digest', 'text', (column) => column.primaryKey())
      .addColumn('bytes', 'bigint', (column) => column.notNull())
      .execute();
    await db
      .createTable('feedback_interaction')
      .addColumn('id', 'bigserial', (column) => column.primaryKey())
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('version', 'bigint')
      .addColumn('request_id', 'text', (column) => column.notNull())
      .addColumn('at', 'timestamptz', (column) => column.notNull().defaultTo(NOW))
      .addColumn('caller', 'text', (column) => column.notNull())
      .addColumn('subject', 'text')
      .addColumn('signature', 'text')
      .addColumn('payload', 'text', (column) => column.notNull().references(`${SCHEMA}.feedback_payload.digest`))
      .addColumn('answered', sql`bigint[]`)
      .addColumn('labels', sql`bigint[]`)
      .addColumn('right_rows', 'bigint')
      .addColumn('labelled_by', 'text')
      .addColumn('labelled_at', 'timestamptz')
      .execute();
    for (const [name, ...columns] of [
      ['request', 'model', 'request_id', 'id'],
      ['labelled', 'model', 'version', 'labelled_at'],
      ['labeller', 'labelled_by', 'labelled_at'],
      ['age', 'at'],
      ['subject', 'subject'],
      ['payload', 'payload'],
    ]) {
      await db.createIndex(`feedback_interaction_${name}`).on('feedback_interaction').columns(columns).execute();
    }
  },
};

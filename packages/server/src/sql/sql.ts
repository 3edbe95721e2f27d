/**
 * One PostgreSQL, whether a server's or embedded in this process: queries by kysely, scripts of several statements, and NOTIFY. Who
 * opens it (`open.ts`) says which; nobody else can tell.
 */
import type { Kysely } from 'kysely';

export interface Sql {
  readonly kind: 'postgres' | 'embedded';
  /** Each room of the server names its own tables: `db.withTables<JobTables>()`. */
  readonly db: Kysely<unknown>;
  /** Runs statements that have no parameters, one behind the other; returns the rows of all. */
  script(text: string): Promise<readonly unknown[]>;
  /**
   * Calls `heard` with what is notified on `channel` (a word of small letters). A lost connection is made anew in the background; `missed` is called when it is
   * back, since nobody keeps what was notified in between. Ends by the function that is returned.
   */
  listen(channel: string, heard: (payload: string) => void, missed: () => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** The schema that all our tables are in, beside those of whoever else uses the database. */
export const SCHEMA = 'floe';

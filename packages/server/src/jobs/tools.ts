/** What every step of a job needs. */
import type { Kysely } from 'kysely';
import type { Dispatcher, Tx } from './dispatcher.ts';
import type { JobTables } from './tables.ts';
import { GivenUp } from './transitions.ts';

export interface Tools {
  readonly db: Kysely<JobTables>;
  readonly dispatcher: Dispatcher;
  readonly log: (message: string) => void;
}

/** Undefined where the step may not be taken (any more). */
export async function tried<T>({ db }: Tools, step: (tx: Tx) => Promise<T>): Promise<T | undefined> {
  try {
    return await db.transaction().execute(step);
  } catch (error) {
    if (error instanceof GivenUp) return undefined;
    throw error;
  }
}

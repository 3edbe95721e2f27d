/**
 * A pool whose connections prepare each statement once and then only bind it: planning takes as long as running for statements as small
 * as a queue's.
 */
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type pg from 'pg';

/** Statements that are put together differently each time, such as lists, must not fill the server's memory. */
const MOST_STATEMENTS = 256;
/** Whoever brings the tables up to date while we run makes the plans that give all columns useless. */
const PLAN_IS_OLD = '0A000';

export function preparing(pool: pg.Pool): PostgresPool {
  const names = new Names();
  const wrapped = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  const wrap = (client: pg.PoolClient): PostgresPoolClient => {
    const query = (text: string, values: readonly unknown[]) => run(client, names, text, values);
    // Cursors, kysely's other way to ask, are not used.
    return { query, release: () => client.release() } as unknown as PostgresPoolClient;
  };
  return {
    options: pool.options,
    end: () => pool.end(),
    connect: async () => {
      const client = await pool.connect();
      const known = wrapped.get(client) ?? wrap(client);
      wrapped.set(client, known);
      return known;
    },
  };
}

async function run(
  client: pg.PoolClient,
  names: Names,
  text: string,
  values: readonly unknown[],
): Promise<pg.QueryResult> {
  const name = values.length === 0 ? undefined : names.of(text);
  try {
    return await client.query({ text, values: [...values], ...(name === undefined ? {} : { name }) });
  } catch (error) {
    if ((error as { code?: string }).code === PLAN_IS_OLD) names.forget(text);
    throw error;
  }
}

class Names {
  private readonly names = new Map<string, string>();
  private count = 0;

  /** Undefined for what is not worth it any more. */
  of(text: string): string | undefined {
    const known = this.names.get(text);
    if (known !== undefined || this.count >= MOST_STATEMENTS) return known;
    const name = `floe_${this.count++}`;
    this.names.set(text, name);
    return name;
  }

  /** It gets another name the next time. */
  forget(text: string): void {
    this.names.delete(text);
  }
}

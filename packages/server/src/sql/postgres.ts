/** A PostgreSQL server, by a pool of connections; one more for NOTIFY, which is made anew whenever it is lost. */
import { FloeError } from '@floe/graph/base';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { Listener } from './postgres-listener.ts';
import { preparing } from './prepared.ts';
import type { Sql } from './sql.ts';

const CONNECTIONS = 10;
const CONNECT_MS = 5000;
/** A server that does not answer for so long is taken to be gone. */
const ANSWER_MS = 60_000;

export interface PostgresOptions {
  /** Told of lost and regained connections. */
  readonly log: (level: 'info' | 'warn', message: string) => void;
}

/** Connects once, to find out now whether it can. Throws UNAVAILABLE, or INVALID_ARGUMENT for a URL that is none. */
export async function openPostgres(url: string, options: PostgresOptions): Promise<Sql> {
  const settings = settingsOf(url);
  const pool = new pg.Pool({ ...settings, max: CONNECTIONS });
  // A connection that breaks is replaced by the pool, whoever has it then gets the error; without listeners it would end the process.
  pool.on('error', (error) => options.log('warn', `PostgreSQL: a connection is lost: ${error.message}`));
  pool.on('connect', (client) => void client.on('error', () => {}));
  try {
    await pool.query('SELECT 1');
  } catch (cause) {
    await pool.end();
    const reason =
      cause instanceof Error && cause.message !== '' ? cause.message : String((cause as { code?: string }).code);
    throw new FloeError('UNAVAILABLE', `PostgreSQL does not answer: ${reason}`, [], cause);
  }
  return new PostgresSql(pool, settings, options);
}

function settingsOf(url: string): pg.ClientConfig {
  try {
    new URL(url);
  } catch (cause) {
    throw new FloeError(
      'INVALID_ARGUMENT',
      'not the URL of a PostgreSQL: postgres://user:password@host:5432/name is expected',
      { field: 'sql' },
      cause,
    );
  }
  return {
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: ANSWER_MS,
    keepAlive: true,
    application_name: 'floe',
  };
}

class PostgresSql implements Sql {
  readonly kind = 'postgres';
  readonly db: Kysely<unknown>;
  private readonly pool: pg.Pool;
  private readonly settings: pg.ClientConfig;
  private readonly options: PostgresOptions;

  constructor(pool: pg.Pool, settings: pg.ClientConfig, options: PostgresOptions) {
    this.pool = pool;
    this.settings = settings;
    this.options = options;
    this.db = new Kysely({ dialect: new PostgresDialect({ pool: preparing(pool) }) });
  }

  async script(text: string): Promise<readonly unknown[]> {
    const found: pg.QueryResult | pg.QueryResult[] = await this.pool.query(text);
    return [found].flat().flatMap((result) => result.rows);
  }

  async listen(channel: string, heard: (payload: string) => void, missed: () => void): Promise<() => Promise<void>> {
    const listener = new Listener(() => new pg.Client(this.settings), channel, {
      heard,
      missed,
      log: this.options.log,
    });
    await listener.start();
    return () => listener.stop();
  }

  close(): Promise<void> {
    return this.db.destroy();
  }
}

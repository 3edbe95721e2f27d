/**
 * Opens the database that a user names: `postgres://...` is a server, anything else a folder for the embedded one. Nothing of either is
 * loaded before.
 *
 *   const sql = await openSql('postgres://floe@db/floe', { log });
 *   await migrate(sql, 'jobs', JOB_MIGRATIONS);
 *   ...
 *   await sql.close();
 */
import { FloeError } from '@floe/graph/base';
import { isInContainer } from './container.ts';
import type { Sql } from './sql.ts';

export interface OpenOptions {
  readonly log?: (level: 'info' | 'warn', message: string) => void;
  /** Whether this process runs in a container. */
  readonly inContainer?: boolean;
}

/** Throws FAILED_PRECONDITION where the embedded one cannot be used, UNAVAILABLE where a server does not answer. */
export async function openSql(
  url: string,
  { log = () => {}, inContainer = isInContainer() }: OpenOptions = {},
): Promise<Sql> {
  if (/^postgres(ql)?:/.test(url)) {
    const { openPostgres } = await import('./postgres.ts');
    return openPostgres(url, { log });
  }
  if (inContainer) throw notInContainers(url);
  const { openEmbedded } = await import('./embedded.ts');
  return openEmbedded(url);
}

function notInContainers(folder: string): FloeError {
  return new FloeError(
    'FAILED_PRECONDITION',
    `no database is embedded inside a container, whose folder ${folder} ends with it or is shared unsafely: give a server by --sql postgres://user:password@host:5432/name`,
    { field: 'sql' },
  );
}

/**
 * PostgreSQL within this process, its data in a folder: for a laptop and for trying things out. It takes 2 to 3 s and 400 to 700 MB to open and
 * knows no fsync, so a machine that loses power may lose what it was told last; a killed process does not.
 */
import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { FloeError } from '@floe/graph/base';
import { Kysely, PGliteDialect } from 'kysely';
import type { FileLock } from '../core/file-lock.ts';
import { lockFolder } from './folder-lock.ts';
import type { Sql } from './sql.ts';

/** Throws FAILED_PRECONDITION where another process has it open. */
export async function openEmbedded(folder: string): Promise<Sql> {
  mkdirSync(folder, { recursive: true });
  const lock = await lockFolder(realpathSync(folder));
  try {
    return new EmbeddedSql(await openData(join(folder, 'data')), lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function openData(folder: string): Promise<PGlite> {
  try {
    return await PGlite.create(folder);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FloeError('DATA_LOSS', `the database in ${folder} cannot be opened: ${reason}`, { file: folder }, cause);
  }
}

class EmbeddedSql implements Sql {
  readonly kind = 'embedded';
  readonly db: Kysely<unknown>;
  private readonly postgres: PGlite;
  private readonly lock: FileLock;

  constructor(postgres: PGlite, lock: FileLock) {
    this.postgres = postgres;
    this.lock = lock;
    this.db = new Kysely({ dialect: new PGliteDialect({ pglite: postgres }) });
  }

  /** There is one connection only: whoever has it from kysely must not find another's statements within its transaction. */
  script(text: string): Promise<readonly unknown[]> {
    return this.db.connection().execute(async () => {
      const results = await this.postgres.exec(text).catch(async (error: unknown) => {
        await this.postgres.exec('ROLLBACK');
        throw error;
      });
      return results.flatMap((result) => result.rows);
    });
  }

  listen(channel: string, heard: (payload: string) => void): Promise<() => Promise<void>> {
    return this.postgres.listen(channel, heard);
  }

  async close(): Promise<void> {
    await this.db.destroy();
    if (!this.postgres.closed) await this.postgres.close();
    this.lock.release();
  }
}

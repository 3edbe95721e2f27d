/** A database in a scratch folder, gone with its folder. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSql } from '../../src/sql/open.ts';
import type { Sql } from '../../src/sql/sql.ts';

export interface Scratch {
  readonly sql: Sql;
  remove(): Promise<void>;
}

export async function scratchEmbedded(): Promise<Scratch> {
  const folder = await mkdtemp(join(tmpdir(), 'floe-sql-'));
  const sql = await openSql(folder, { inContainer: false });
  return {
    sql,
    remove: async () => {
      await sql.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

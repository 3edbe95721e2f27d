/** One server for the tests of a file, and a fresh database in it for each suite. */
import { afterAll, beforeAll } from 'vitest';
import { openSql } from '../../packages/server/src/sql/open.ts';
import type { Scratch } from '../../packages/server/test/sql/scratch.ts';
import { PostgresProcess } from './postgres-process.ts';

export interface Server {
  /** Once the tests run. */
  readonly process: PostgresProcess;
  scratch(): Promise<Scratch>;
}

export function server(): Server {
  let running: PostgresProcess;
  let databases = 0;
  beforeAll(async () => {
    running = await PostgresProcess.start();
  });
  afterAll(() => running.remove());
  return {
    get process() {
      return running;
    },
    scratch: async () => {
      const sql = await openSql(await running.database(`suite${databases++}`));
      return { sql, remove: () => sql.close() };
    },
  };
}

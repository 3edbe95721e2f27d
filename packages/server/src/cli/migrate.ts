/** `floe migrate`: brings the tables of a database up to date, and ends. Servers and workers do so too; a Job of its own does it before they roll. */
import process from 'node:process';
import { invalid } from '@floe/graph/base';
import { pino } from 'pino';
import { FEEDBACK_MIGRATIONS } from '../feedback/tables.ts';
import { openJobs } from '../jobs/queue.ts';
import { migrate } from '../sql/migrate.ts';
import { openSql } from '../sql/open.ts';
import { readConfig } from './config-file.ts';
import { EXIT, print, printJson } from './output.ts';

/** Two at once wait for each other. */
export async function migrateCommand(options: Record<string, unknown>): Promise<number> {
  const { config: file, json, ...flags } = options;
  // Models are nothing to a migration, but the configuration that it shares with servers wants them named.
  const config = await readConfig({ models: '.', ...flags }, process.env, file as string | undefined);
  if (config.sql === '') throw invalid('a migration needs a database: --sql, or FLOE_SQL', { field: '--sql' });
  const log = pino({ level: config.logLevel }, pino.destination({ dest: 2, sync: true }));
  const sql = await openSql(config.sql, { log: (level, message) => log[level](message) });
  try {
    await migrate(sql, 'feedback', FEEDBACK_MIGRATIONS);
    // Opening the queue makes what is its own and its library's.
    await (await openJobs(sql)).close();
  } finally {
    await sql.close();
  }
  if (json === true) printJson({ migrated: ['feedback', 'jobs'] });
  else print('the tables of feedback and jobs are up to date');
  return EXIT.ok;
}

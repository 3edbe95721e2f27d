/** `floe worker`: trains what the queue holds, on the devices of this machine, until it is told to stop; what runs then goes on elsewhere. */
import process from 'node:process';
import { invalid } from '@floe/graph/base';
import { pino } from 'pino';
import { Feedback } from '../feedback/feedback.ts';
import { openSql } from '../sql/open.ts';
import { readConfig } from './config-file.ts';
import { payloadsOf, settingsOf } from './feedback.ts';
import { EXIT, printJson } from './output.ts';
import { interrupted } from './signals.ts';
import { TrainingDesk } from './training.ts';

export async function workerCommand(options: Record<string, unknown>): Promise<number> {
  const { config: file, json, ...flags } = options;
  const config = await readConfig(flags, process.env, file as string | undefined);
  if (config.sql === '') throw invalid('a worker needs the database of jobs: --sql, or FLOE_SQL', { field: '--sql' });
  const log = pino({ level: config.logLevel }, pino.destination({ dest: json === true ? 2 : 1, sync: true }));
  const stop = interrupted(process);
  const sql = await openSql(config.sql, { log: (level, message) => log[level](message) });
  const payloads = await payloadsOf(config);
  try {
    const onError = (err: Error): void => log.error({ err }, 'feedback');
    const feedback = await Feedback.open(sql, payloads, settingsOf(config), { onError });
    const desk = await TrainingDesk.open({ config, log, sql, feedback });
    const devices = await desk.work();
    log.info({ devices, models: config.models }, 'working');
    if (json === true) printJson({ devices });
    log.info({ signal: await stop }, 'stopping');
    await desk.close();
    return EXIT.ok;
  } finally {
    payloads.close();
    await sql.close();
  }
}

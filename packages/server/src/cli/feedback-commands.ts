/** `floe feedback delete` and `floe feedback export`: on the database and the folder of a server, beside it or while it is down. */
import { exampleRecord } from '@floe/graph';
import { invalid } from '@floe/graph/base';
import { resolveConfig } from '../core/config.ts';
import type { LabelledExample } from '../feedback/examples.ts';
import { Feedback } from '../feedback/feedback.ts';
import { exampleRows } from '../feedback/rows.ts';
import { openSql } from '../sql/open.ts';
import { writeWhole } from '../store/whole-file.ts';
import { payloadsOf, settingsOf } from './feedback.ts';
import { EXIT, print, printJson } from './output.ts';

export async function deleteFeedback(options: Record<string, unknown>): Promise<number> {
  const deleted = await withFeedback(options, (feedback) => feedback.deleteSubject(String(options['subject'])));
  if (options['json'] === true) printJson({ deleted });
  else print(`${deleted} interactions deleted`);
  return EXIT.ok;
}

export async function exportFeedback(options: Record<string, unknown>): Promise<number> {
  const file = String(options['out']);
  const examples = await withFeedback(options, (feedback) =>
    writeRecords(file, feedback.examples(String(options['model']))),
  );
  if (options['json'] === true) printJson({ file, examples });
  else print(`${file}: ${examples} examples`);
  return EXIT.ok;
}

async function withFeedback<T>(
  { sql, feedbackDir, labelShare }: Record<string, unknown>,
  work: (feedback: Feedback) => Promise<T>,
): Promise<T> {
  const config = resolveConfig({ models: '.', sql, feedbackDir, labelShare }, process.env, {});
  if (config.sql === '') throw invalid('which database is not said: --sql, or FLOE_SQL', { field: '--sql' });
  const payloads = await payloadsOf(config);
  const database = await openSql(config.sql);
  try {
    const onError = (error: Error): never => {
      throw error;
    };
    const feedback = await Feedback.open(database, payloads, settingsOf(config), { onError });
    return await work(feedback);
  } finally {
    payloads.close();
    await database.close();
  }
}

/** Returns the number of records; a file that was there stays where this fails. */
async function writeRecords(file: string, examples: AsyncIterable<LabelledExample>): Promise<number> {
  let count = 0;
  async function* records(): AsyncGenerator<Uint8Array> {
    for await (const example of examples) {
      for (const row of exampleRows(example)) {
        yield* exampleRecord(row);
        count++;
      }
    }
  }
  await writeWhole(file, records());
  return count;
}

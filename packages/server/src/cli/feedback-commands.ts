/** `floe feedback delete` and `floe feedback export`: on the database and the inputs of a server, beside it or while it is down. */
import { exampleRecord } from '@floe/graph';
import { FloeError, invalid } from '@floe/graph/base';
import type { LabelledExample } from '../feedback/examples.ts';
import { Feedback } from '../feedback/feedback.ts';
import { type ExampleRow, exampleRows } from '../feedback/rows.ts';
import { ModelRepository } from '../registry/repository.ts';
import { openSql } from '../sql/open.ts';
import { npzBytes } from '../store/npz.ts';
import { writeWhole } from '../store/whole-file.ts';
import { arraysOf } from '../train/dataset.ts';
import { snapshot } from '../train/snapshot.ts';
import { readConfig } from './config-file.ts';
import { payloadsOf, settingsOf } from './feedback.ts';
import { EXIT, print, printJson } from './output.ts';
import { withRepository } from './with-repository.ts';

const NEVER = new AbortController().signal;

export async function deleteFeedback(options: Record<string, unknown>): Promise<number> {
  const deleted = await withFeedback(options, (feedback) => feedback.deleteSubject(String(options['subject'])));
  if (options['json'] === true) printJson({ deleted });
  else print(`${deleted} interactions deleted`);
  return EXIT.ok;
}

/** TFRecords, or arrays where the file's name says so; those are what the model reads, so images are made what they are to it. */
export async function exportFeedback(options: Record<string, unknown>): Promise<number> {
  const [file, model] = [String(options['out']), String(options['model'])];
  const write = file.endsWith('.npz') ? await arraysWriter(options, model) : writeRecords;
  const { examples, left } = await withFeedback(options, (feedback) => write(file, feedback.examples(model)));
  if (options['json'] === true) printJson({ file, examples, left });
  else
    print(
      `${file}: ${examples} examples${left === 0 ? '' : `; ${left} labelled requests are left out, as they do not fit`}`,
    );
  return EXIT.ok;
}

interface Exported {
  readonly examples: number;
  /** Requests whose inputs do not fit their labels, or the rest. */
  readonly left: number;
}

type Writer = (file: string, examples: AsyncIterable<LabelledExample>) => Promise<Exported>;

/** The version that serves says what the inputs are. */
async function arraysWriter(options: Record<string, unknown>, model: string): Promise<Writer> {
  const manifest = await withRepository(options, async (objects) => {
    const repository = new ModelRepository(objects);
    const version = (await repository.channels(model)).stable ?? (await repository.versions(model)).at(-1);
    if (version === undefined) throw new FloeError('NOT_FOUND', `${model} has no version`, { field: '--model' });
    return repository.manifest(model, version);
  });
  return async (file, examples) => {
    const found = await snapshot(manifest, undefined, examples, NEVER);
    await writeWhole(file, npzBytes(arraysOf(found.examples)));
    return {
      examples: found.examples.labels.length,
      left: [...found.left.values()].reduce((sum, one) => sum + one, 0),
    };
  };
}

async function withFeedback<T>(
  { sql, feedbackDir, labelShare, models = process.env['FLOE_MODELS'] ?? '.' }: Record<string, unknown>,
  work: (feedback: Feedback) => Promise<T>,
): Promise<T> {
  const config = await readConfig({ models, sql, feedbackDir, labelShare }, process.env);
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

/** A file that was there stays where this fails. */
async function writeRecords(file: string, examples: AsyncIterable<LabelledExample>): Promise<Exported> {
  let [count, left] = [0, 0];
  async function* records(): AsyncGenerator<Uint8Array> {
    for await (const example of examples) {
      const rows = rowsOf(example);
      if (rows === undefined) left++;
      for (const row of rows ?? []) {
        yield* exampleRecord(row);
        count++;
      }
    }
  }
  await writeWhole(file, records());
  return { examples: count, left };
}

/** Undefined where somebody labelled another number of rows than there are, of an answer that has no classes to tell by. */
function rowsOf(example: LabelledExample): readonly ExampleRow[] | undefined {
  try {
    return exampleRows(example);
  } catch (error) {
    if (error instanceof FloeError) return undefined;
    throw error;
  }
}

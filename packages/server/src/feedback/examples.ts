/** Labelled interactions as examples to learn from, in the order in which they were labelled first to last. */
import { FloeError } from '@floe/graph/base';
import { type Input, unpackInputs } from './payload.ts';
import { type Payloads, payloadKey } from './settings.ts';
import { countedLabels } from './shares.ts';
import type { Db } from './tables.ts';

export interface LabelledExample {
  readonly requestId: string;
  readonly caller: string;
  readonly inputs: ReadonlyMap<string, Input>;
  /** Class of each row. */
  readonly labels: readonly number[];
}

/** Rows of one query. */
const PAGE = 500;

export interface ExamplesOptions {
  readonly model: string;
  readonly share: number;
}

/** Number of labelled interactions of a model, by who labelled them. */
export async function labelCounts(db: Db, model: string): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('feedback_interaction')
    .select('labelled_by')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where('model', '=', model)
    .where('labels', 'is not', null)
    .groupBy('labelled_by')
    .execute();
  return new Map(rows.map(({ labelled_by, count }) => [labelled_by ?? '', Number(count)]));
}

/** The latest of each caller, as many as count (`countedLabels`). Throws DATA_LOSS where inputs are gone or damaged. */
export async function* labelledExamples(
  db: Db,
  payloads: Payloads,
  { model, share }: ExamplesOptions,
): AsyncGenerator<LabelledExample> {
  const counts = await labelCounts(db, model);
  const counted = countedLabels(counts, share);
  const toSkip = new Map([...counts].map(([caller, count]) => [caller, count - (counted.get(caller) ?? 0)]));
  for await (const { id, request_id, labelled_by, payload, labels } of labelled(db, model)) {
    const caller = labelled_by ?? '';
    const skip = toSkip.get(caller) ?? 0;
    if (skip > 0) {
      toSkip.set(caller, skip - 1);
      continue;
    }
    const inputs = await inputsOf(payloads, payload).catch(async (error: unknown) => {
      if (await isThere(db, id)) throw error;
    });
    // Its time was over, or somebody had it deleted, since the page was read.
    if (inputs === undefined) continue;
    yield { requestId: request_id, caller, inputs, labels: (labels ?? []).map(Number) };
  }
}

async function* labelled(db: Db, model: string) {
  for (let after = '0'; ; ) {
    const page = await db
      .selectFrom('feedback_interaction')
      .select(['id', 'request_id', 'labelled_by', 'payload', 'labels'])
      .where('model', '=', model)
      .where('labels', 'is not', null)
      .where('id', '>', after)
      .orderBy('id')
      .limit(PAGE)
      .execute();
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

async function isThere(db: Db, id: string): Promise<boolean> {
  const row = await db.selectFrom('feedback_interaction').select('id').where('id', '=', id).executeTakeFirst();
  return row !== undefined;
}

async function inputsOf(payloads: Payloads, digest: string): Promise<ReadonlyMap<string, Input>> {
  const key = payloadKey(digest);
  const bytes = await payloads.get(key);
  if (bytes === undefined) throw new FloeError('DATA_LOSS', `the inputs ${key} are gone`, { file: key });
  return unpackInputs(bytes, key);
}

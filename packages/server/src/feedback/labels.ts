/** Labels: what would have been right, said of a request that was kept. */
import { FloeError } from '@floe/graph/base';
import { sql } from 'kysely';
import type { FeedbackSettings } from './settings.ts';
import { type Db, NOW } from './tables.ts';
import { classOf, type Label, rightRows } from './verdict.ts';

const MINUTE_SECONDS = 60;

/** What a caller says of a request. */
export interface LabelledRequest {
  readonly model: string;
  readonly requestId: string;
  /** One for each row. */
  readonly labels: readonly Label[];
  readonly caller: string;
  /** Class names of the model; empty where it has none. */
  readonly classes: readonly string[];
}

export interface Credited {
  /** Version that answered; null where nobody did. */
  readonly version: number | null;
  readonly rows: number;
  /** Rows that were answered rightly; null where the answer was not a classifier's. */
  readonly right: number | null;
}

/**
 * Writes the labels down; the latest word counts. Throws NOT_FOUND for a request that is not kept, INVALID_ARGUMENT for a class that the
 * model does not have or another number of rows.
 */
export async function labelRequest(db: Db, request: LabelledRequest): Promise<Credited> {
  const truth = classesOf(request.labels, request.classes);
  const { model, requestId, caller } = request;
  const found = await db
    .selectFrom('feedback_interaction')
    .select(['id', 'version', 'answered'])
    .where('model', '=', model)
    .where('request_id', '=', requestId)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (found === undefined) throw unknownRequest(model, requestId);
  const right = found.answered === null ? null : rightRows(found.answered.map(Number), truth, 'labels');
  await db
    .updateTable('feedback_interaction')
    .set({ labels: truth, right_rows: right, labelled_by: caller, labelled_at: NOW })
    .where('id', '=', found.id)
    .execute();
  return { version: found.version === null ? null : Number(found.version), rows: truth.length, right };
}

export function classesOf(labels: readonly Label[], classes: readonly string[]): number[] {
  return labels.map((label, row) => classOf(label, classes, labels.length === 1 ? 'label' : `labels.${row}`));
}

/** Throws RESOURCE_EXHAUSTED where the caller has said too much within a minute. */
export async function refuseFloods(db: Db, caller: string, settings: FeedbackSettings): Promise<void> {
  const { said } = await db
    .selectFrom('feedback_interaction')
    .select(({ fn }) => fn.countAll<string>().as('said'))
    .where('labelled_by', '=', caller)
    .where('labelled_at', '>', sql<Date>`clock_timestamp() - interval '1 minute'`)
    .executeTakeFirstOrThrow();
  if (Number(said) < settings.labelsPerMinute) return;
  throw new FloeError(
    'RESOURCE_EXHAUSTED',
    `${caller === '' ? 'callers without a key' : caller} may label ${settings.labelsPerMinute} requests a minute`,
    { retryAfterSeconds: MINUTE_SECONDS },
  );
}

function unknownRequest(model: string, requestId: string): FloeError {
  const message = `request ${requestId} to ${model} is not among those kept: it never was, was not sampled, or is past its retention`;
  return new FloeError('NOT_FOUND', message, { field: 'requestId' });
}

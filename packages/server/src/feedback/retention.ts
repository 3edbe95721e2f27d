/** What is kept no longer: the old, what is over the budget, and what somebody asks to be forgotten. */
import { sql } from 'kysely';
import { type FeedbackSettings, type Payloads, payloadKey } from './settings.ts';
import { type Db, lockPayloads } from './tables.ts';

/** Deletes what is too old, then the oldest until the bytes are within the budget. Returns how many interactions went. */
export async function prune(db: Db, payloads: Payloads, settings: FeedbackSettings): Promise<number> {
  const old = await db
    .deleteFrom('feedback_interaction')
    .where('at', '<', sql<Date>`clock_timestamp() - make_interval(days => ${settings.retentionDays})`)
    .executeTakeFirst();
  const over = await deleteOverBudget(db, settings.budgetBytes);
  await deleteUnused(db, payloads);
  return Number(old.numDeletedRows) + over;
}

/** The newest interactions whose inputs fit the budget stay. Inputs that several share count once, for the newest of them. */
async function deleteOverBudget(db: Db, budgetBytes: number): Promise<number> {
  const newest = db
    .selectFrom('feedback_interaction as interaction')
    .innerJoin('feedback_payload as payload', 'payload.digest', 'interaction.payload')
    .select(['payload.bytes'])
    .select(({ fn }) => fn.max('interaction.id').as('id'))
    .groupBy(['payload.digest', 'payload.bytes'])
    .as('newest');
  const running = db
    .selectFrom(newest)
    .select('id')
    .select(({ fn }) =>
      fn
        .sum<string>('bytes')
        .over((over) => over.orderBy('id', 'desc'))
        .as('total'),
    )
    .as('running');
  const { last } = await db
    .selectFrom(running)
    .select(({ fn }) => fn.max<string | null>('id').as('last'))
    .where('total', '>', String(budgetBytes))
    .executeTakeFirstOrThrow();
  if (last === null) return 0;
  const result = await db.deleteFrom('feedback_interaction').where('id', '<=', last).executeTakeFirst();
  return Number(result.numDeletedRows);
}

/** Deletes all that concerns `subject`. Returns how many interactions went. */
export async function deleteSubject(db: Db, payloads: Payloads, subject: string): Promise<number> {
  const result = await db.deleteFrom('feedback_interaction').where('subject', '=', subject).executeTakeFirst();
  await deleteUnused(db, payloads);
  return Number(result.numDeletedRows);
}

/** Inputs that no interaction has any more. Bytes go first: what is left where this is cut short is found again. */
async function deleteUnused(db: Db, payloads: Payloads): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await lockPayloads(transaction, 'alone');
    const unused = await transaction
      .selectFrom('feedback_payload as payload')
      .select('digest')
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('feedback_interaction as interaction')
              .select('interaction.id')
              .whereRef('interaction.payload', '=', 'payload.digest'),
          ),
        ),
      )
      .execute();
    if (unused.length === 0) return;
    const digests = unused.map(({ digest }) => digest);
    for (const digest of digests) await payloads.delete(payloadKey(digest));
    await transaction.deleteFrom('feedback_payload').where('digest', '=', sql<string>`ANY(${digests})`).execute();
  });
}

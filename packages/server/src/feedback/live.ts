/** Live accuracy: how often a version was right, as callers say afterwards. */
import { type LiveFigure, lowerBound } from '../core/accuracy.ts';
import { countedLabels } from './shares.ts';
import type { Db } from './tables.ts';

/** Labelled requests that count: the latest, since what is asked changes with time. */
const WINDOW = 2000;

export interface Tally {
  readonly right: number;
  readonly labels: number;
}

/** By version that answered. */
export async function liveTallies(db: Db, model: string, share: number): Promise<ReadonlyMap<number, Tally>> {
  const rows = await talliesBy(db, model);
  const versions = Map.groupBy(rows, ({ version }) => Number(version));
  return new Map([...versions].map(([version, callers]) => [version, countedTally(byCaller(callers), share)]));
}

export function figureOf({ right, labels }: Tally): LiveFigure {
  return { lowerBound: lowerBound(right, labels), labels };
}

async function talliesBy(db: Db, model: string) {
  const latest = db
    .selectFrom('feedback_interaction')
    .select(['version', 'labelled_by', 'right_rows'])
    .select(({ fn }) => fn<number>('cardinality', ['labels']).as('rows'))
    .select(({ fn }) =>
      fn
        .agg<string>('row_number')
        .over((over) => over.partitionBy('version').orderBy('labelled_at', 'desc'))
        .as('age'),
    )
    .where('model', '=', model)
    .where('version', 'is not', null)
    .where('right_rows', 'is not', null)
    .as('latest');
  return db
    .selectFrom(latest)
    .select(['version', 'labelled_by'])
    .select(({ fn }) => [fn.sum<string>('right_rows').as('right'), fn.sum<string>('rows').as('labels')])
    .where('age', '<=', String(WINDOW))
    .groupBy(['version', 'labelled_by'])
    .execute();
}

type CallerRow = Awaited<ReturnType<typeof talliesBy>>[number];

function byCaller(rows: readonly CallerRow[]): ReadonlyMap<string, Tally> {
  return new Map(
    rows.map(({ labelled_by, right, labels }) => [labelled_by ?? '', { right: Number(right), labels: Number(labels) }]),
  );
}

/** Of a caller who says too much, each label counts less. */
export function countedTally(callers: ReadonlyMap<string, Tally>, share: number): Tally {
  const counted = countedLabels(new Map([...callers].map(([caller, { labels }]) => [caller, labels])), share);
  let [right, labels] = [0, 0];
  for (const [caller, tally] of callers) {
    const counts = counted.get(caller) ?? 0;
    right += tally.labels === 0 ? 0 : (tally.right * counts) / tally.labels;
    labels += counts;
  }
  return { right, labels };
}

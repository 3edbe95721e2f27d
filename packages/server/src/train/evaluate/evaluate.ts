/**
 * Measures a frozen version by the examples that were held out, in the engine that will serve it, and writes what it finds into the version's
 * manifest.
 *
 *   const evaluation = await evaluate('models/digits/2', await readDataset('digits-set'));
 *   await storeEvaluation('models/digits/2', evaluation);
 */
import { join } from 'node:path';
import { FloeError, type Tensor } from '@floe/graph/base';
import { MANIFEST_VERSION, type Manifest } from '../../core/manifest.ts';
import type { Drift, Score } from '../../core/promotion.ts';
import { load } from '../../index.ts';
import { MANIFEST_FILE, readManifest } from '../../store/version-folder.ts';
import { writeWhole } from '../../store/whole-file.ts';
import type { Dataset } from '../dataset.ts';
import { isClasses, rowsWhere } from '../examples.ts';
import { runRows } from '../run-rows.ts';
import { type Answers, findAnswers, numbersOf } from './answers.ts';
import { best, ClassTally, numberMetrics } from './metrics.ts';

export type Evaluation = NonNullable<Manifest['evaluation']>;

const NEVER = new AbortController().signal;

/** Throws FAILED_PRECONDITION (nothing held out, no fitting output, answers that are no numbers) and what loading and running throw. */
export async function evaluate(folder: string, dataset: Dataset, signal: AbortSignal = NEVER): Promise<Evaluation> {
  const { manifest, examples } = dataset;
  const { output, form, answers } = await answersOf(folder, dataset, signal);
  const rows = rowsWhere(examples.holdout, 1);
  const about = {
    dataset: { name: manifest.name, digest: manifest.digest, holdout: manifest.holdout.digest },
    n: rows.length,
    output,
  };
  const truth = Array.from(rows, (row) => examples.labels[row] as number);
  if (!isClasses(examples.labels)) return { ...about, ...numberMetrics(truth, answers.flat()) };
  const tally = new ClassTally();
  for (const [at, row] of answers.entries()) {
    if (form === 'class') tally.answered(truth[at] as number, row[0] as number);
    else tally.scored(truth[at] as number, row);
  }
  const { metrics, interval, confusion } = tally.result();
  return { ...about, metrics, interval, confusion: confusion.map((one) => [...one]) };
}

/** How far the answers of two versions to the examples held out are apart. Throws as `evaluate`. */
export async function driftBetween(
  one: string,
  other: string,
  dataset: Dataset,
  signal: AbortSignal = NEVER,
): Promise<Drift> {
  const [first, second] = [await answersOf(one, dataset, signal), await answersOf(other, dataset, signal)];
  let [sum, count, apart] = [0, 0, 0];
  for (const [at, row] of first.answers.entries()) {
    const beside = second.answers[at] as readonly number[];
    const width = Math.max(row.length, beside.length);
    for (let c = 0; c < width; c++) sum += Math.abs((row[c] ?? 0) - (beside[c] ?? 0));
    count += width;
    if (first.form === 'scores' ? best(row) !== best(beside) : row[0] !== beside[0]) apart++;
  }
  return { meanAbsolute: sum / count, disagreement: first.form === 'number' ? 0 : apart / first.answers.length };
}

interface Answered {
  /** The output that was looked at. */
  readonly output: string;
  readonly form: Answers['form'];
  /** What it has for each example held out. */
  readonly answers: readonly (readonly number[])[];
}

async function answersOf(folder: string, { manifest, examples }: Dataset, signal: AbortSignal): Promise<Answered> {
  const rows = rowsWhere(examples.holdout, 1);
  if (rows.length === 0)
    throw new FloeError('FAILED_PRECONDITION', `dataset ${manifest.name} has no examples that are held out`);
  const { defaultSignature } = await readManifest(folder);
  const session = await load(folder);
  try {
    const signature = session.signatures[defaultSignature] ?? { inputs: {}, outputs: {}, methodName: '' };
    const names = Object.keys(signature.outputs);
    let found: Answers | undefined;
    const answers: (readonly number[])[] = [];
    const fetches = Object.values(signature.outputs).map(({ name }) => name);
    for await (const { rows: some, outputs } of runRows(session, signature, examples, rows, fetches, signal)) {
      found ??= findAnswers(names, outputs, manifest.kind);
      answers.push(...rowsOf(outputs[found.index] as Tensor, names[found.index] ?? '', some.length));
    }
    return { output: names[found?.index ?? 0] ?? '', form: found?.form ?? 'scores', answers };
  } finally {
    await session.close();
  }
}

function rowsOf(tensor: Tensor, name: string, rows: number): readonly (readonly number[])[] {
  const numbers = Array.from(numbersOf(tensor, name));
  const width = tensor.shape[1] ?? 1;
  return Array.from({ length: rows }, (_, row) => numbers.slice(row * width, (row + 1) * width));
}

/** Writes it into `model.json` of a version that is not published yet; the file is never half written. */
export async function storeEvaluation(folder: string, evaluation: Evaluation): Promise<Manifest> {
  const old = await readManifest(folder);
  const { dataset, n, metrics } = evaluation;
  const value = metrics['accuracy'];
  const manifest: Manifest = {
    ...old,
    schemaVersion: MANIFEST_VERSION,
    ...(value === undefined
      ? {}
      : { accuracy: { metric: 'top-1', value, n, dataset: dataset.name, split: 'holdout' } }),
    evaluation,
  };
  await writeWhole(join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/** What an evaluation says for the promotion policy: accuracy, or the share of the variance that is explained. */
export function scoreOf({ dataset, n, metrics }: Evaluation): Score | undefined {
  const metric = ['accuracy', 'r2'].find((name) => metrics[name] !== undefined);
  return metric === undefined ? undefined : { metric, value: metrics[metric] as number, n, holdout: dataset.holdout };
}

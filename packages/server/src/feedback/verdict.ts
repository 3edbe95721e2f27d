/**
 * What a classifier said, and whether it was right. Its classes are read off an output in the order in which a person would look: scores by
 * class (float, [rows, classes]), the index of the class (integer, [rows]), the score of the second of two classes (float, [rows] or
 * [rows, 1]). Anything else is no classifier, and no verdict is given.
 */
import { FloeError, invalid, type Numbers, numbersOf, type Tensor } from '@floe/graph/base';
import type { NamedTensor } from '../core/inference.ts';

/** As a person says it: the index of a class, or its name where the model has names. */
export type Label = number | string;

/** The class of each row; undefined where the outputs are not a classifier's. */
export function answeredClasses(
  outputs: readonly NamedTensor[],
  labels: readonly string[],
): readonly number[] | undefined {
  const tensors = outputs.map(({ tensor }) => tensor);
  const scores = tensors.find((tensor) => isFloat(tensor) && hasScores(tensor.shape, labels.length));
  if (scores !== undefined) return bestOf(scores);
  const index = tensors.find(({ dtype, shape }) => (dtype === 'int64' || dtype === 'int32') && shape.length === 1);
  if (index !== undefined) return Array.from(index.data as BigInt64Array | Int32Array, Number);
  const single = tensors.find((tensor) => isFloat(tensor) && isSingle(tensor.shape) && labels.length <= 2);
  return single === undefined ? undefined : eachRow(single, (scores, row) => ((scores[row] as number) > 0.5 ? 1 : 0));
}

function hasScores(shape: readonly number[], classes: number): boolean {
  const [, last = 0] = shape;
  return shape.length === 2 && last >= 2 && (classes === 0 || classes === last);
}

function isSingle(shape: readonly number[]): boolean {
  return shape.length === 1 || (shape.length === 2 && shape[1] === 1);
}

function isFloat({ dtype }: Tensor): boolean {
  return dtype === 'float32' || dtype === 'float64' || dtype === 'float16' || dtype === 'bfloat16';
}

function bestOf(tensor: Tensor): readonly number[] {
  const classes = tensor.shape[1] ?? 1;
  return eachRow(tensor, (scores, row) => {
    const own = scores.subarray(row * classes, (row + 1) * classes);
    let best = 0;
    for (let one = 1; one < classes; one++) if ((own[one] as number) > (own[best] as number)) best = one;
    return best;
  });
}

function eachRow(tensor: Tensor, of: (numbers: Numbers, row: number) => number): readonly number[] {
  const numbers = numbersOf(tensor);
  return Array.from({ length: tensor.shape[0] ?? 0 }, (_, row) => of(numbers, row));
}

/** Index of the class that `label` means. Throws INVALID_ARGUMENT for one that the model does not have. */
export function classOf(label: Label, labels: readonly string[], field: string): number {
  const index = typeof label === 'string' ? labels.indexOf(label) : label;
  const most = labels.length === 0 ? Number.POSITIVE_INFINITY : labels.length;
  if (Number.isSafeInteger(index) && index >= 0 && index < most) return index;
  const known = labels.length === 0 ? 'an index is expected' : `the model has ${shown(labels)}`;
  throw invalid(`${JSON.stringify(label)} is no class: ${known}`, { field });
}

const MOST_SHOWN = 10;

function shown(labels: readonly string[]): string {
  const some = labels.slice(0, MOST_SHOWN).join(', ');
  return labels.length > MOST_SHOWN ? `${some} and ${labels.length - MOST_SHOWN} more` : some;
}

/** How many rows of an answer were right. Throws INVALID_ARGUMENT where there are not as many labels as rows. */
export function rightRows(answered: readonly number[], truth: readonly number[], field: string): number {
  if (answered.length !== truth.length) {
    throw new FloeError(
      'INVALID_ARGUMENT',
      `the answer has ${answered.length} rows, there are ${truth.length} labels`,
      {
        field,
      },
    );
  }
  return answered.filter((one, row) => one === truth[row]).length;
}

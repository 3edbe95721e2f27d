/**
 * Which output of a model is its answer: scores by class (float, [rows, classes]), the class (integer, [rows]), or a number (float, [rows] or
 * [rows, 1]).
 */
import { numbersOf as elementNumbers, FloeError, type Tensor } from '@floe/graph/base';

export type AnswerForm = 'scores' | 'class' | 'number';

const WANTED = { classes: ['scores', 'class'], numbers: ['number'] } as const;

/** What `tensor` is as an answer; undefined where it is none. */
function formOf({ dtype, shape }: Tensor): AnswerForm | undefined {
  if (/^u?int(32|64)$/.test(dtype)) return shape.length === 1 ? 'class' : undefined;
  if (!/float/.test(dtype)) return undefined;
  if (shape.length === 1 || (shape.length === 2 && shape[1] === 1)) return 'number';
  return shape.length === 2 ? 'scores' : undefined;
}

export interface Answers {
  /** Which of the outputs. */
  readonly index: number;
  readonly form: AnswerForm;
}

/** Throws FAILED_PRECONDITION naming the outputs where none is an answer of the kind that the labels are. */
export function findAnswers(
  names: readonly string[],
  outputs: readonly Tensor[],
  kind: 'classes' | 'numbers',
): Answers {
  for (const form of WANTED[kind]) {
    const index = outputs.findIndex((tensor) => formOf(tensor) === form);
    if (index >= 0) return { index, form };
  }
  const seen = outputs.map(({ dtype, shape }, at) => `${names[at]} (${dtype} [${shape.join(', ')}])`).join(', ');
  const wanted = kind === 'classes' ? 'scores by class, or a class, for each row' : 'one number for each row';
  throw new FloeError('FAILED_PRECONDITION', `the labels are ${kind}, and no output is ${wanted}: ${seen}`, [
    ...names.map((tensor) => ({ tensor })),
  ]);
}

/** Elements as numbers. Throws FAILED_PRECONDITION where one is none: what answers NaN has no accuracy. */
export function numbersOf(tensor: Tensor, name: string): ArrayLike<number> {
  const numbers = isBig(tensor) ? Float64Array.from(tensor.data as BigInt64Array, Number) : elementNumbers(tensor);
  for (let at = 0; at < numbers.length; at++) {
    if (Number.isFinite(numbers[at])) continue;
    throw new FloeError('FAILED_PRECONDITION', `output ${name} holds ${numbers[at]}`, { tensor: name });
  }
  return numbers;
}

function isBig({ dtype }: Tensor): boolean {
  return dtype === 'int64' || dtype === 'uint64';
}

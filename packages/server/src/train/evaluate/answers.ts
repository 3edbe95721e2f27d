/**
 * Which output of a model is its answer: scores by class (float, [rows, classes]), the class (integer, [rows]), or a number (float, [rows] or
 * [rows, 1]).
 */
import { bfloat16ToNumber, FloeError, float16ToNumber, type Tensor } from '@floe/graph/base';

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
export function numbersOf({ dtype, data }: Tensor, name: string): ArrayLike<number> {
  const numbers = plain(dtype, data);
  for (let at = 0; at < numbers.length; at++) {
    if (Number.isFinite(numbers[at])) continue;
    throw new FloeError('FAILED_PRECONDITION', `output ${name} holds ${numbers[at]}`, { tensor: name });
  }
  return numbers;
}

function plain(dtype: Tensor['dtype'], data: Tensor['data']): ArrayLike<number> {
  if (dtype === 'float16') return Float32Array.from(data as Uint16Array, float16ToNumber);
  if (dtype === 'bfloat16') return Float32Array.from(data as Uint16Array, bfloat16ToNumber);
  return dtype.includes('64') && dtype !== 'float64'
    ? Float64Array.from(data as unknown as Iterable<bigint>, Number)
    : (data as Float32Array);
}

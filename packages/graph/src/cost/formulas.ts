/**
 * How many floating-point operations an op does, from the shapes that go in and out. A multiplication with an addition is two; an
 * element of anything elementwise is one, however dear the function; what only moves, makes or chooses elements is none.
 * The formulas are those of TensorFlow's profiler (`tensorflow/python/profiler/internal/flops_registry.py`, and `nn_ops.py` for
 * convolutions), by which they are tested; where it has none for an op, the same rule is carried on.
 */
import { sizeOf } from '../tensor.ts';

export type Shape = readonly number[];

/** A product of matrices or a convolution: each result is the sum of `terms` products. */
export function contraction(results: number, terms: number): number {
  return 2 * results * terms;
}

/** Each result is made of all elements under a window. */
export function pooling(out: Shape, kernel: readonly number[]): number {
  return sizeOf(out) * sizeOf(kernel);
}

/** Folding n elements into one takes n - 1 steps; `last` more per result, such as the division of a mean. */
export function reduction(input: Shape, out: Shape, last = 0): number {
  return Math.max(0, sizeOf(input) - sizeOf(out)) + last * sizeOf(out);
}

/** Shift, exponential and quotient, with the greatest element and the sum: five per element, as the profiler counts. */
export function softmax(input: Shape): number {
  return 5 * sizeOf(input);
}

/** x * a + b, with a and b made of statistics that do not depend on the input. */
export function normalisation(out: Shape): number {
  return 2 * sizeOf(out);
}

/** Mean, variance, and then x * a + b. */
export function statistics(input: Shape): number {
  return 5 * sizeOf(input);
}

/** Local response normalisation: squares and sums of a window, then x / (bias + alpha * sum) ^ beta. */
export function localResponse(input: Shape, window: number): number {
  return (2 * window + 4) * sizeOf(input);
}

/** Three interpolations (difference, product, sum) between four neighbours. */
export function bilinear(out: Shape): number {
  return 9 * sizeOf(out);
}

/** A weighted sum of 4 x 4 neighbours. */
export function bicubic(out: Shape): number {
  return contraction(sizeOf(out), 16);
}

/**
 * Each result sums the products over all labels that are not in it; of one operand it is a sum. Labels of an ellipsis stand in the
 * results. Source: `numpy.einsum`.
 */
export function einsum(equation: string, inputs: readonly Shape[], out: Shape): number {
  const [left = '', right] = equation.replaceAll(' ', '').split('->');
  const sizes = new Map<string, number>();
  left.split(',').forEach((labels, i) => {
    const [before = '', after = ''] = labels.split('...');
    const shape = inputs[i] ?? [];
    [...before].forEach((label, at) => void sizes.set(label, shape[at] ?? 1));
    [...after].forEach((label, at) => void sizes.set(label, shape[shape.length - after.length + at] ?? 1));
  });
  const summed = [...sizes].filter(([label]) => !(right ?? '').includes(label)).map(([, size]) => size);
  const terms = sizeOf(summed);
  if (inputs.length < 2) return sizeOf(out) * Math.max(0, terms - 1);
  return summed.length === 0 ? sizeOf(out) : contraction(sizeOf(out), terms);
}

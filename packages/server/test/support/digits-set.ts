/** The digits that the example holds out, as a dataset of its own: some to train on, the others held out again. */
import type { Examples } from '../../src/train/examples.ts';
import { holdout } from './digits.ts';

/** Every fifth of `n` digits is held out; `n` at most 1996. */
export async function digitExamples(n: number): Promise<Examples> {
  const { images, labels } = await holdout(1996);
  const rows = Array.from({ length: n }, (_, at) => Math.floor((at * 1996) / n));
  const pixels = new Float32Array(n * 784);
  for (const [at, row] of rows.entries())
    pixels.set((images.data as Float32Array).subarray(row * 784, (row + 1) * 784), at * 784);
  return {
    inputs: new Map([['x', { dtype: 'float32', shape: [n, 28, 28, 1], data: pixels }]]),
    labels: Int32Array.from(rows, (row) => labels[row] as number),
    holdout: Uint8Array.from(rows, (_, at) => (at % 5 === 4 ? 1 : 0)),
    feedback: new Uint8Array(n),
  };
}

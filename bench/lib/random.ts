/** Random numbers with a seed, and draws from a Zipf distribution. */

export { random } from '../../packages/server/src/train/random.ts';

/** Draws 0..count-1, the `i`-th with a probability proportional to 1 / (i + 1) ** skew. */
export function zipf(count: number, skew: number, next: () => number): () => number {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let i = 0; i < count; i++) sums[i] = sum += 1 / (i + 1) ** skew;
  return () => {
    const wanted = next() * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

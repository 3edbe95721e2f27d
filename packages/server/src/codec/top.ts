/** The best of many scores. */

/** Indices of the `count` greatest values, greatest first; NaN comes last and equals keep their order. */
export function topIndices(values: ArrayLike<number>, count: number): number[] {
  const order = (index: number): number => {
    const value = values[index] ?? Number.NaN;
    return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value;
  };
  const indices = Array.from({ length: values.length }, (_, i) => i);
  return indices.sort((a, b) => (order(a) === order(b) ? a - b : order(b) > order(a) ? 1 : -1)).slice(0, count);
}

/**
 * How many labels of each caller count, so that one who floods a model with labels does not decide what it learns: the one with the most
 * has at most `share` of those that count. A lone caller counts whole, for there is nobody to be drowned out.
 */

/** Labels that count, by caller. `labels`: those given, by caller. */
export function countedLabels(labels: ReadonlyMap<string, number>, share: number): ReadonlyMap<string, number> {
  if (labels.size <= 1) return labels;
  const [most = 0, second = 0] = [...labels.values()].sort((a, b) => b - a);
  const others = [...labels.values()].reduce((sum, count) => sum + count, 0) - most;
  // Of two who say the same number of labels neither floods the other, whatever the share.
  const limit = Math.max(second, Math.floor((share * others) / (1 - share)));
  return new Map([...labels].map(([caller, count]) => [caller, Math.min(count, limit)]));
}

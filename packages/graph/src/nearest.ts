/** Names like the one that was not found, for error messages. */

/** Up to `count` of `names`: first those that contain `wanted` or are contained in it, then by edit distance within a third. */
export function nearest(wanted: string, names: Iterable<string>, count = 3): readonly string[] {
  const scored: { name: string; score: number }[] = [];
  const limit = Math.max(2, Math.floor(wanted.length / 3));
  for (const name of names) {
    const score = closeness(wanted, name, limit);
    if (score <= limit) scored.push({ name, score });
  }
  return scored
    .sort((a, b) => a.score - b.score || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map(({ name }) => name);
}

function closeness(wanted: string, name: string, limit: number): number {
  if (name.length > 2 && wanted.length > 2 && (name.includes(wanted) || wanted.includes(name))) return 1;
  if (Math.abs(name.length - wanted.length) > limit || wanted.length > 200) return Number.POSITIVE_INFINITY;
  return editDistance(wanted.toLowerCase(), name.toLowerCase());
}

/** Levenshtein distance by the two-row table. */
function editDistance(a: string, b: string): number {
  let before = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (before[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(change, (before[j] as number) + 1, (row[j - 1] as number) + 1));
    }
    before = row;
  }
  return before[b.length] as number;
}

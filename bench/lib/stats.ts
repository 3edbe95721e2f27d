/** Medians and other quantiles, and measuring several things in turns so that a drift of the machine meets all of them alike. */

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The value at so great a part of the way from the least to the greatest, none in between. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN;
}

/** Measures A B A B ...; gives the samples of each. */
export async function inTurns<Name extends string, Sample>(
  repeats: number,
  measures: Readonly<Record<Name, () => Promise<Sample>>>,
): Promise<Record<Name, Sample[]>> {
  const names = Object.keys(measures) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as Sample[]])) as Record<Name, Sample[]>;
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const name of names) samples[name].push(await measures[name]());
  }
  return samples;
}

/** The median over repeats of a figure made from the samples of one repeat: what disturbs a repeat disturbs both sides of its ratio. */
export function medianOf<A, B>(a: readonly A[], b: readonly B[], figure: (a: A, b: B) => number): number {
  return median(a.map((left, index) => figure(left, b[index] as B)));
}

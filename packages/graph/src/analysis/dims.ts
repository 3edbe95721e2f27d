/**
 * Shapes during analysis. A dimension is a size (0 or more), -1 where nothing is known of it, or a name at -2 and below: an unknown
 * size that is the same wherever the name occurs. Names come from the unknown dimensions of feeds (the batch) and travel through
 * inference by being copied, so that `Reshape(x, [Shape(x)[0], -1])` still has the batch of `x` in front.
 */

/** null: unknown rank. */
export type Dims = readonly number[] | null;

export const UNKNOWN = -1;
const FIRST_NAME = -2;

/** True for a dimension that is unknown but named. */
export function isNamed(dim: number): boolean {
  return dim <= FIRST_NAME;
}

/** Gives each unknown dimension a name of its own; `taken` counts the names in use. */
export function nameUnknown(shape: Dims, taken: { count: number }): Dims {
  return shape?.map((dim) => (dim === UNKNOWN ? FIRST_NAME - taken.count++ : dim)) ?? null;
}

/** The shape as the rest of Floe states it: -1 for every unknown dimension. */
export function publicShape(dims: Dims): readonly number[] | null {
  return dims?.map((dim) => Math.max(dim, UNKNOWN)) ?? null;
}

export function isKnown(dims: Dims): dims is readonly number[] {
  return dims?.every((dim) => dim >= 0) ?? false;
}

/** Unknown dimensions of a known rank. */
export function unknownDims(rank: number): readonly number[] {
  return new Array<number>(rank).fill(UNKNOWN);
}

/** Where two dimensions have to be equal: the better known one; undefined where they contradict each other. */
export function sameDim(a: number, b: number): number | undefined {
  if (a === b || b === UNKNOWN) return a;
  if (a === UNKNOWN) return b;
  if (a >= 0 && b >= 0) return undefined;
  return Math.max(a, b);
}

/** Where two shapes have to be equal: what is known of both; undefined where they contradict each other. */
export function sameShape(a: Dims, b: Dims): Dims | undefined {
  if (a === null || b === null) return a ?? b;
  if (a.length !== b.length) return undefined;
  const merged = a.map((dim, i) => sameDim(dim, b[i] ?? UNKNOWN));
  return merged.includes(undefined) ? undefined : (merged as number[]);
}

/** What holds whichever of two shapes arrives. */
export function eitherShape(a: Dims, b: Dims): Dims {
  if (a === null || b === null || a.length !== b.length) return null;
  return a.map((dim, i) => (dim === b[i] ? dim : UNKNOWN));
}

/** NumPy broadcasting of one pair of dimensions; undefined where they conflict. */
function broadcastDim(a: number, b: number): number | undefined {
  if (a === b || b === 1) return a;
  if (a === 1) return b;
  if (a >= 0 && b >= 0) return undefined;
  return a < 0 && b < 0 ? UNKNOWN : Math.max(a, b);
}

/** NumPy broadcasting; undefined where the shapes conflict. An unknown dimension against n > 1 is n. */
export function broadcast(a: Dims, b: Dims): Dims | undefined {
  if (a === null || b === null) return null;
  const rank = Math.max(a.length, b.length);
  const out: number[] = [];
  for (let i = 0; i < rank; i++) {
    const dim = broadcastDim(a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1);
    if (dim === undefined) return undefined;
    out.push(dim);
  }
  return out;
}

/** Product of dimensions: UNKNOWN as soon as one is not known, unless another is 0; a lone name among ones survives. */
export function product(dims: readonly number[]): number {
  if (dims.includes(0)) return 0;
  const unknown = dims.filter((dim) => dim < 0);
  const known = dims.reduce((size, dim) => (dim < 0 ? size : size * dim), 1);
  if (unknown.length === 0) return known;
  return unknown.length === 1 && known === 1 ? (unknown[0] ?? UNKNOWN) : UNKNOWN;
}

export function formatDims(dims: Dims): string {
  return dims === null ? '[...]' : `[${dims.map((dim) => (dim < 0 ? '?' : dim)).join(', ')}]`;
}

/**
 * Fourier transforms as products with matrices of cosines and sines, made at compile time. A long one is taken apart into two short ones:
 * with n = a b, j = b j1 + j2 and k = k1 + a k2,
 *
 *   X[k] = sum over j2 of w(j2 k2 / b) w(j2 k1 / n) (sum over j1 of w(j1 k1 / a) x[j])      w(t) = exp(-+ 2 pi i t)
 *
 * (Cooley and Tukey, "An algorithm for the machine calculation of complex Fourier series", 1965).
 */
import { attrOf } from '../../graph.ts';
import type { ComplexNode, Parts, Rule } from './builder.ts';

/** Up to this length a matrix is as fast as anything, and small. */
const DIRECT = 512;
/** Longest transform that is one matrix, where its length has no factors to take apart. */
const MOST = 2048;

/** exp(sign 2 pi i j k / n) for each j of `rows` and k of `columns`, times `scale(k)`. */
interface Waves {
  readonly n: number;
  readonly rows: number;
  readonly columns: number;
  readonly sign: 1 | -1;
  readonly scale: number;
}

function table({ n, rows, columns, scale }: Waves, wave: (angle: number) => number): Float64Array {
  // A zero that is not exact would turn the angle of a real number round.
  const exact = (value: number): number => (Math.abs(value) < 1e-15 ? 0 : value);
  const values = Float64Array.from({ length: n }, (_, i) => scale * exact(wave((2 * Math.PI * i) / n)));
  const out = new Float64Array(rows * columns);
  for (let j = 0; j < rows; j++) for (let k = 0; k < columns; k++) out[j * columns + k] = values[(j * k) % n] as number;
  return out;
}

function wavesOf(c: ComplexNode, waves: Waves): Required<Parts> {
  const shape = [waves.rows, waves.columns];
  const sine = (angle: number): number => waves.sign * Math.sin(angle);
  return { re: c.constant(shape, table(waves, Math.cos)), im: c.constant(shape, table(waves, sine)) };
}

/** a b of complex tensors, `times` being that of real ones. */
function product(
  c: ComplexNode,
  a: Parts,
  b: Required<Parts>,
  times: (a: string, b: string) => string,
): Required<Parts> {
  const [re, im] = [times(a.re, b.re), times(a.re, b.im)];
  if (a.im === undefined) return { re, im };
  return { re: c.do('Sub', [re, times(a.im, b.im)]), im: c.do('AddV2', [im, times(a.im, b.re)]) };
}

const matMul =
  (c: ComplexNode) =>
  (a: string, b: string): string =>
    c.do('BatchMatMulV2', [a, b]);

function reshape(c: ComplexNode, value: string, shape: string): string {
  return c.do('Reshape', [value, shape], { Tshape: INT32 });
}

const INT32 = attrOf({ type: 3 });

function transposed(c: ComplexNode, value: string, perm: readonly number[]): string {
  return c.do('Transpose', [value, c.constant([perm.length], perm, 'int32')], { Tperm: INT32 });
}

/** Both parts through the same. */
function both(parts: Parts, change: (part: string) => string): Parts {
  return { re: change(parts.re), ...(parts.im === undefined ? {} : { im: change(parts.im) }) };
}

/** Transforms the last dimension of length `n`, of which `rows` are there (zeros follow), into the first `columns`. */
function transform(c: ComplexNode, x: Parts, waves: Waves, rank: number): Parts | undefined {
  const { n, rows, columns } = waves;
  const split = n > DIRECT ? divisorOf(n) : 1;
  if (split === 1) return n > MOST ? undefined : product(c, x, wavesOf(c, waves), matMul(c));
  const whole = both(x, (part) => resized(c, part, rank, rows, n));
  const out = parted(c, whole, waves, split, rank);
  return columns === n ? out : both(out, (part) => resized(c, part, rank, n, columns));
}

/** The largest divisor up to the root; 1 where the parts would still be long. */
function divisorOf(n: number): number {
  let a = Math.floor(Math.sqrt(n));
  while (n % a !== 0) a--;
  return n / a > MOST ? 1 : a;
}

function parted(c: ComplexNode, x: Parts, { n, sign, scale }: Waves, a: number, rank: number): Parts {
  const b = n / a;
  const front = frontOf(c, x.re, rank);
  const shaped = (part: string, dims: readonly number[]): string => reshape(c, part, shapeWith(c, front, dims));
  const square = { sign, scale: 1 };
  const first = wavesOf(c, { n: a, rows: a, columns: a, ...square });
  const turns = wavesOf(c, { n, rows: a, columns: b, sign, scale });
  const last = wavesOf(c, { n: b, rows: b, columns: b, ...square });
  // The matrix of cosines and sines is symmetric: it may stand on the left.
  const rows = product(
    c,
    both(x, (part) => shaped(part, [a, b])),
    first,
    (p, q) => matMul(c)(q, p),
  );
  const turned = product(c, rows, turns, (p, q) => c.do('Mul', [p, q]));
  const out = product(c, turned, last, matMul(c));
  const perm = [...Array(rank - 1).keys(), rank, rank - 1];
  return both(out, (part) => shaped(transposed(c, part, perm), [n]));
}

/** All dimensions but the last, as a vector; empty for a vector. */
function frontOf(c: ComplexNode, value: string, rank: number): string | undefined {
  if (rank === 1) return undefined;
  const shape = c.do('Shape', [value], { out_type: INT32 });
  const [begin, size] = [c.constant([1], [0], 'int32'), c.constant([1], [rank - 1], 'int32')];
  return c.do('Slice', [shape, begin, size], { T: INT32, Index: INT32 });
}

function shapeWith(c: ComplexNode, front: string | undefined, dims: readonly number[]): string {
  const behind = c.constant([dims.length], dims, 'int32');
  if (front === undefined) return behind;
  const attrs = { T: INT32, Tidx: INT32, N: attrOf({ i: 2n }) };
  return c.do('ConcatV2', [front, behind, c.constant([], [0], 'int32')], attrs);
}

/** The last dimension cut, or filled up with zeros, from `from` (-1: unknown) to `to`. */
function resized(c: ComplexNode, value: string, rank: number, from: number, to: number): string {
  let out = value;
  if (from < to) {
    const pads = new Array<number>(2 * rank).fill(0).with(-1, from < 0 ? to : to - from);
    out = c.do('Pad', [out, c.constant([rank, 2], pads, 'int32')], { Tpaddings: INT32 });
  }
  if (from >= 0 && from <= to) return out;
  const begin = c.constant([rank], new Array<number>(rank).fill(0), 'int32');
  const size = c.constant([rank], new Array<number>(rank).fill(-1).with(-1, to), 'int32');
  return c.do('Slice', [out, begin, size], { Index: INT32 });
}

/** How one dimension is to be transformed. */
interface Along {
  readonly sign: 1 | -1;
  /** Length of the transform. */
  readonly n: number;
  /** How many results are kept. */
  readonly columns: number;
  /** Length that there is, -1 where unknown. */
  readonly there: number;
}

/** Cuts or fills up the last dimension and transforms it. The way back divides by the length. */
function along(c: ComplexNode, x: Parts, rank: number, { sign, n, columns, there }: Along): Parts | undefined {
  const fits = there >= 0 && there <= n;
  const given = fits ? x : both(x, (part) => resized(c, part, rank, there, n));
  const scale = sign > 0 ? 1 / n : 1;
  return transform(c, given, { n, rows: fits ? there : n, columns, sign, scale }, rank);
}

/** The same along the dimension `back` from the end, which the last one changes places with. */
function alongBack(c: ComplexNode, x: Parts, rank: number, back: number, how: Along): Parts | undefined {
  if (back === 1) return along(c, x, rank, how);
  const order = [...Array(rank).keys()];
  const perm = order.with(-1, rank - back).with(-back, rank - 1);
  const turn = (part: string): string => transposed(c, part, perm);
  const out = along(c, both(x, turn), rank, how);
  return out && both(out, turn);
}

/** A vector has no matrix to be multiplied: it goes through as one row. */
function asMatrix(c: ComplexNode, x: Parts, rank: number, change: (x: Parts, rank: number) => Parts | undefined) {
  if (rank > 1) return change(x, rank);
  const row = c.constant([2], [1, -1], 'int32');
  const out = change(
    both(x, (part) => reshape(c, part, row)),
    2,
  );
  const flat = c.constant([1], [-1], 'int32');
  return out && both(out, (part) => reshape(c, part, flat));
}

interface Shaped {
  readonly shape: readonly number[];
  readonly x: Parts;
  readonly lengths: readonly number[];
}

/** Parts, shape and the lengths of the last dimensions' transforms; undefined where something is not known. */
function given(c: ComplexNode, dimensions: number): Shaped | undefined {
  const [x, shape] = [c.parts(0), c.shape(0)];
  const lengths = c.inputs.length > 1 ? c.numbers(1) : shape?.slice(-dimensions);
  const known = lengths?.length === dimensions && lengths.every((length) => length > 0);
  return x === undefined || shape === null || lengths === undefined || !known ? undefined : { x, shape, lengths };
}

/** Complex to complex, over the last dimensions. */
function full(dimensions: number, sign: 1 | -1): Rule {
  return (c) => {
    const all = given(c, dimensions);
    if (all === undefined) return undefined;
    const out = asMatrix(c, all.x, all.shape.length, (x, rank) => eachDimension(c, x, rank, all.lengths, sign, 1));
    return out && { complex: [out] };
  };
}

/** From the dimension `from` counted from the end on. */
function eachDimension(
  c: ComplexNode,
  x: Parts,
  rank: number,
  lengths: readonly number[],
  sign: 1 | -1,
  from: number,
): Parts | undefined {
  let out: Parts | undefined = x;
  for (let back = from; back <= lengths.length && out !== undefined; back++) {
    const n = lengths.at(-back) ?? 0;
    const there = c.inputs.length > 1 ? (c.shape(0)?.at(-back) ?? -1) : n;
    out = alongBack(c, out, rank, back, { sign, n, columns: n, there });
  }
  return out;
}

/** Real to complex: of the last dimension only the first half, the other mirrors it. */
function halved(dimensions: number): Rule {
  return (c) => {
    const all = given(c, dimensions);
    if (all === undefined) return undefined;
    const [n = 0, there = -1] = [all.lengths.at(-1), all.shape.at(-1)];
    const out = asMatrix(c, all.x, all.shape.length, (x, rank) => {
      const half = along(c, x, rank, { sign: -1, n, columns: Math.floor(n / 2) + 1, there });
      return half && eachDimension(c, half, rank, all.lengths, -1, 2);
    });
    return out && { complex: [out] };
  };
}

/** Complex to real: each result is the sum of its waves, those that are mirrored twice. */
function back(dimensions: number): Rule {
  return (c) => {
    const all = given(c, dimensions);
    if (all === undefined || (all.lengths.at(-1) ?? 0) > 2 * MOST) return undefined;
    const [n = 0, there = -1] = [all.lengths.at(-1), all.shape.at(-1)];
    const out = asMatrix(c, all.x, all.shape.length, (x, rank) => {
      const outer = eachDimension(c, x, rank, all.lengths, 1, 2);
      return outer && { re: realSum(c, outer, rank, n, there) };
    });
    return out && { real: out.re };
  };
}

function realSum(c: ComplexNode, x: Parts, rank: number, n: number, there: number): string {
  const bins = Math.floor(n / 2) + 1;
  const rows = there >= 0 && there <= bins ? there : bins;
  const cut = rows === there ? x : both(x, (part) => resized(c, part, rank, there, bins));
  const weight = (k: number): number => (k === 0 || 2 * k === n ? 1 : 2) / n;
  const matrix = (wave: (angle: number) => number): string => {
    const values = table({ n, rows, columns: n, sign: 1, scale: 1 }, wave).map(
      (value, i) => value * weight(Math.floor(i / n)),
    );
    return c.constant([rows, n], values);
  };
  const re = matMul(c)(cut.re, matrix(Math.cos));
  return cut.im === undefined ? re : c.do('Sub', [re, matMul(c)(cut.im, matrix(Math.sin))]);
}

const named = (names: readonly [string, string, string], rule: (dimensions: number) => Rule): [string, Rule][] =>
  names.map((name, i) => [name, rule(i + 1)]);

export const FOURIER: Readonly<Record<string, Rule>> = Object.fromEntries([
  ...named(['FFT', 'FFT2D', 'FFT3D'], (dimensions) => full(dimensions, -1)),
  ...named(['IFFT', 'IFFT2D', 'IFFT3D'], (dimensions) => full(dimensions, 1)),
  ...named(['RFFT', 'RFFT2D', 'RFFT3D'], halved),
  ...named(['IRFFT', 'IRFFT2D', 'IRFFT3D'], back),
]);

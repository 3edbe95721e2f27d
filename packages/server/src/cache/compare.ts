/**
 * Whether a stored answer still says what the model says now. Values are compared with the tolerance of their dtype. Between versions,
 * scores of classes may move freely as long as each row's best class stays: that is what the answer says.
 */
import { bfloat16ToNumber, type DType, float16ToNumber, type Tensor } from '@floe/graph/base';
import type { NamedTensor } from '../core/inference.ts';

/** Relative to the greater of 1 and the value; exact for all other dtypes. */
const TOLERANCE: Partial<Record<DType, number>> = { float64: 1e-3, float32: 1e-3, float16: 1e-2, bfloat16: 3e-2 };
const DISTRIBUTION_SLACK = 1e-2;

export interface Comparison {
  /** Whether both come from one version. */
  readonly isSameVersion: boolean;
  /** Number of labels; 0 where the model has none. */
  readonly labels: number;
}

/** `now` has to have the names of `stored`. */
export function differs(stored: readonly NamedTensor[], now: readonly NamedTensor[], how: Comparison): boolean {
  const current = new Map(now.map(({ name, tensor }) => [name, tensor]));
  return stored.some(({ name, tensor }) => {
    const other = current.get(name);
    return other === undefined || tensorsDiffer(tensor, other, how);
  });
}

function tensorsDiffer(a: Tensor, b: Tensor, how: Comparison): boolean {
  if (a.dtype !== b.dtype || a.shape.length !== b.shape.length) return true;
  if (a.shape.some((dim, axis) => dim !== b.shape[axis])) return true;
  if (!ArrayBuffer.isView(a.data)) return stringsDiffer(a.data, b.data as readonly Uint8Array[]);
  const read = reader(a.dtype);
  const left = Array.from(a.data as ArrayLike<number | bigint>, read);
  const right = Array.from(b.data as ArrayLike<number | bigint>, read);
  const tolerance = TOLERANCE[a.dtype] ?? 0;
  if (left.every((value, i) => isWithin(value, right[i] ?? Number.NaN, tolerance))) return false;
  const width = a.shape.at(-1) ?? 1;
  if (how.isSameVersion || tolerance === 0 || !areScores(left, right, width, how.labels)) return true;
  return rowsDiffer(left, right, width);
}

function stringsDiffer(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.some((text, i) => Buffer.compare(text, b[i] ?? new Uint8Array(0)) !== 0);
}

function isWithin(a: number | bigint, b: number | bigint, tolerance: number): boolean {
  if (Object.is(a, b) || a === b) return true;
  if (tolerance === 0) return false;
  return Math.abs(Number(a) - Number(b)) <= tolerance * Math.max(1, Math.abs(Number(b)));
}

function areScores(
  a: readonly (number | bigint)[],
  b: readonly (number | bigint)[],
  width: number,
  labels: number,
): boolean {
  if (width < 2) return false;
  return width === labels || (areDistributions(a, width) && areDistributions(b, width));
}

function areDistributions(values: readonly (number | bigint)[], width: number): boolean {
  for (let at = 0; at < values.length; at += width) {
    const row = values.slice(at, at + width).map(Number);
    const sum = row.reduce((total, value) => total + value, 0);
    if (!(Math.abs(sum - 1) < DISTRIBUTION_SLACK) || row.some((value) => value < 0)) return false;
  }
  return true;
}

function rowsDiffer(a: readonly (number | bigint)[], b: readonly (number | bigint)[], width: number): boolean {
  for (let at = 0; at < a.length; at += width) if (bestOf(a, at, width) !== bestOf(b, at, width)) return true;
  return false;
}

function bestOf(values: readonly (number | bigint)[], start: number, width: number): number {
  let best = 0;
  for (let i = 1; i < width; i++) if ((values[start + i] ?? 0) > (values[start + best] ?? 0)) best = i;
  return best;
}

/** The two 16-bit floats lie in words. */
function reader(dtype: DType): (value: number | bigint) => number | bigint {
  if (dtype === 'bfloat16') return (bits) => bfloat16ToNumber(Number(bits));
  return dtype === 'float16' ? (bits) => float16ToNumber(Number(bits)) : (value) => value;
}

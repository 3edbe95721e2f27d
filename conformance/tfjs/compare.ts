/** Compares numbers with those of TensorFlow.js. */
import type { Numbers } from './judge.ts';

/** Largest difference of floats, relative to the larger of 1 and the largest value; integers have to be equal. */
const TOLERANCE = 1e-4;

export interface Difference {
  /** 0 for equal integers. */
  readonly relative: number;
  /** What is wrong; undefined where it is right. */
  readonly wrong: string | undefined;
}

export function compare(wanted: Numbers, got: Numbers, tolerance = TOLERANCE): Difference {
  const shapes = `shape [${got.shape.join(', ')}], TensorFlow.js has [${wanted.shape.join(', ')}]`;
  if (wanted.shape.join() !== got.shape.join()) return { relative: Number.POSITIVE_INFINITY, wrong: shapes };
  let scale = 1;
  let worst = 0;
  for (let i = 0; i < wanted.data.length; i++) {
    const [a, b] = [wanted.data[i] as number, Number(got.data[i])];
    if (Number.isFinite(a)) scale = Math.max(scale, Math.abs(a));
    if (Object.is(a, b) || a === b) continue;
    worst = Math.max(worst, Number.isFinite(a - b) ? Math.abs(a - b) : Number.POSITIVE_INFINITY);
  }
  const relative = worst / scale;
  const limit = wanted.dtype === 'float32' ? tolerance : 0;
  return { relative, wrong: relative <= limit ? undefined : `differs by ${relative.toExponential(1)}` };
}

/** Whether two tensors hold the same bits, where dtypes differ the same numbers. */
export function isSame(wanted: Numbers, got: Numbers): boolean {
  const { length } = wanted.data;
  if (wanted.shape.join() !== got.shape.join() || got.data.length !== length) return false;
  for (let i = 0; i < length; i++) if (!Object.is(wanted.data[i], Number(got.data[i]))) return false;
  return true;
}

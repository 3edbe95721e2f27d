/** How far two answers are from each other. */
import { type DType, numbersOf, sizeOf, type Tensor } from '@floe/graph/base';

export interface Difference {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Greatest absolute difference of two elements, for floats; infinite where one of them is no number. */
  readonly greatest: number;
  /** Where that is, by dimension; null where all are equal or nothing can be compared. */
  readonly worst: readonly number[] | null;
  /** Elements that are not equal. */
  readonly unequal: number;
  /** Floats within `TOLERANCE` of the greatest answer (of 1, where that is smaller), anything else equal. */
  readonly agrees: boolean;
  /** Where dtype or shape differ, which ones. */
  readonly mismatch: string | null;
}

/** Two engines add up in different orders; half floats have 11 bits. */
const TOLERANCE = 1e-4;
const HALF_TOLERANCE = 1e-2;

export function difference(ours: Tensor, theirs: Tensor): Difference {
  const { dtype, shape } = theirs;
  const same = ours.dtype === dtype && ours.shape.join() === shape.join();
  if (!same) {
    const mismatch = `${typeText(ours)} instead of ${typeText(theirs)}`;
    return {
      dtype,
      shape,
      greatest: Number.POSITIVE_INFINITY,
      worst: null,
      unequal: sizeOf(shape),
      agrees: false,
      mismatch,
    };
  }
  if (dtype === 'string') return texts(ours, theirs);
  return dtype.startsWith('float') ? floats(ours, theirs) : integers(ours, theirs);
}

function typeText({ dtype, shape }: Tensor): string {
  return `${dtype}[${shape.join(',')}]`;
}

function floats(ours: Tensor, theirs: Tensor): Difference {
  const [a, b] = [numbersOf(ours), numbersOf(theirs)];
  let [greatest, unequal, scale, at] = [0, 0, 1, -1];
  for (let i = 0; i < b.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    if (Number.isFinite(y)) scale = Math.max(scale, Math.abs(y));
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) continue;
    unequal++;
    const apart = Number.isNaN(x - y) ? Number.POSITIVE_INFINITY : Math.abs(x - y);
    if (apart <= greatest) continue;
    [greatest, at] = [apart, i];
  }
  const { dtype, shape } = theirs;
  const tolerance = dtype === 'float16' ? HALF_TOLERANCE : TOLERANCE;
  return {
    dtype,
    shape,
    greatest,
    worst: placeOf(at, shape),
    unequal,
    agrees: greatest <= tolerance * scale,
    mismatch: null,
  };
}

/** Element `at` by dimension. */
function placeOf(at: number, shape: readonly number[]): readonly number[] | null {
  if (at < 0) return null;
  const place: number[] = [];
  let rest = at;
  for (const size of shape.toReversed()) {
    place.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return place;
}

function integers(ours: Tensor, theirs: Tensor): Difference {
  const [a, b] = [ours.data as ArrayLike<number | bigint>, theirs.data as ArrayLike<number | bigint>];
  let [greatest, unequal, at] = [0, 0, -1];
  for (let i = 0; i < b.length; i++) {
    if (a[i] === b[i]) continue;
    unequal++;
    const apart = Math.abs(Number(a[i]) - Number(b[i]));
    if (apart > greatest) [greatest, at] = [apart, i];
  }
  const { dtype, shape } = theirs;
  return { dtype, shape, greatest, worst: placeOf(at, shape), unequal, agrees: unequal === 0, mismatch: null };
}

function texts(ours: Tensor, theirs: Tensor): Difference {
  const [a, b] = [ours.data as readonly Uint8Array[], theirs.data as readonly Uint8Array[]];
  const unequal = b.filter((text, i) => !Buffer.from(text).equals(a[i] ?? new Uint8Array(0))).length;
  return {
    dtype: 'string',
    shape: theirs.shape,
    greatest: 0,
    worst: null,
    unequal,
    agrees: unequal === 0,
    mismatch: null,
  };
}

/**
 * What is known of one tensor before anything runs: its dtype and dimensions, its value if it does not depend on a feed, and for
 * small integer vectors each element that can be told (shape arithmetic).
 */
import type { DType } from '../dtype.ts';
import type { Tensor } from '../tensor.ts';
import { type Dims, isNamed, UNKNOWN } from './dims.ts';

/** An element of a shape vector: a number, a named dimension (see dims.ts), or undefined. */
export type Element = number | { readonly name: number } | undefined;

export interface Typed {
  readonly dtype: DType;
  readonly dims: Dims;
  /** For a tensor list: what is in it. */
  readonly list?: ListType | undefined;
}

/** What is known of a tensor list (to TensorFlow a variant scalar). */
export interface ListType {
  readonly dtype: DType;
  /** Dimensions of every item. */
  readonly dims: Dims;
  /** How many items there are, as a dimension. */
  readonly length: number;
  /** False while no item has been written, so that `dims` is only what was declared. */
  readonly written: boolean;
}

/** Longest vector whose elements are followed; shapes and slices are far shorter. */
const MAX_ELEMENTS = 1024;

/** A value that is made when first asked for: decoding a constant may be dear, and not every one is needed. */
export class Lazy<T> {
  private make: (() => T) | undefined;
  private made: { readonly value: T } | undefined;

  constructor(make: () => T) {
    this.make = make;
  }

  get(): T {
    this.made ??= { value: (this.make as () => T)() };
    this.make = undefined;
    return this.made.value;
  }
}

export class Facts implements Typed {
  readonly dtype: DType;
  readonly dims: Dims;
  readonly list: ListType | undefined;
  /** The value, for those tensors that depend on no feed. */
  readonly value: Lazy<Tensor> | undefined;
  private readonly known: readonly Element[] | undefined;

  constructor(type: Typed, value?: Lazy<Tensor>, elements?: readonly Element[]) {
    this.dtype = type.dtype;
    this.dims = type.dims;
    this.list = type.list;
    this.value = value;
    this.known = elements;
  }

  get constant(): Tensor | undefined {
    return this.value?.get();
  }

  /** Elements in row-major order of an integer tensor of rank 0 or 1; undefined for all others. */
  get elements(): readonly Element[] | undefined {
    if (this.known !== undefined) return this.known;
    const count = elementCount(this);
    if (count === undefined) return undefined;
    const constant = this.constant;
    if (constant === undefined) return new Array<Element>(count).fill(undefined);
    return Array.from(constant.data as ArrayLike<number | bigint>, safeNumber);
  }
}

/** How many elements a shape vector of this type has; undefined where it is none. */
export function elementCount({ dtype, dims }: Typed): number | undefined {
  if ((dtype !== 'int32' && dtype !== 'int64') || dims === null || dims.length > 1) return undefined;
  const count = dims[0] ?? 1;
  return count < 0 || count > MAX_ELEMENTS ? undefined : count;
}

function safeNumber(value: number | bigint): Element {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** A dimension as an element of a shape vector. */
export function elementOf(dim: number): Element {
  if (dim >= 0) return dim;
  return isNamed(dim) ? { name: dim } : undefined;
}

/** An element of a shape vector as a dimension; negative numbers stay as they are, for the caller to judge. */
export function dimOf(element: Element): number {
  if (element === undefined) return UNKNOWN;
  return typeof element === 'number' ? element : element.name;
}

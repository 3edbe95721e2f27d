/** What holds of a tensor that is one of two: the result of a branch, or a loop's variable in its first and in later turns. */
import { type Dims, eitherShape, UNKNOWN } from './dims.ts';
import { type Element, Facts, type ListType, type Typed } from './facts.ts';

/** Both have the same dtype. Values are lost; elements of shape vectors stay where both have them. */
export function either(a: Facts, b: Facts): Facts {
  const type: Typed = { dtype: a.dtype, dims: eitherShape(a.dims, b.dims), list: eitherList(a.list, b.list) };
  const elements = eitherElements(a, b);
  return new Facts(type, undefined, elements);
}

function eitherElements(a: Facts, b: Facts): readonly Element[] | undefined {
  const [left, right] = [a.elements, b.elements];
  if (left === undefined || right === undefined || left.length !== right.length) return undefined;
  return left.map((element, i) => (sameElement(element, right[i]) ? element : undefined));
}

function sameElement(a: Element, b: Element): boolean {
  if (typeof a === 'object' && typeof b === 'object') return a.name === b.name;
  return a === b;
}

function eitherList(a: ListType | undefined, b: ListType | undefined): ListType | undefined {
  if (a === undefined || b === undefined || a.dtype !== b.dtype) return undefined;
  return {
    dtype: a.dtype,
    dims: eitherItem(a, b),
    length: a.length === b.length ? a.length : UNKNOWN,
    written: a.written || b.written,
  };
}

/** A list that has no items yet says nothing against another one's. */
function eitherItem(a: ListType, b: ListType): Dims {
  if (a.written === b.written) return eitherShape(a.dims, b.dims);
  return a.written ? a.dims : b.dims;
}

/** The same type, of which neither value nor elements are known. */
export function typeOnly({ dtype, dims, list }: Facts): Facts {
  return new Facts({ dtype, dims, list });
}

/** The same dtype in any shape. */
export function unknownShape({ dtype, list, dims }: Facts): Facts {
  if (list === undefined) return new Facts({ dtype, dims: null });
  return new Facts({ dtype, dims, list: { ...list, dims: null, length: UNKNOWN } });
}

export function sameType(a: Facts, b: Facts): boolean {
  return sameDims(a.dims, b.dims) && sameList(a.list, b.list);
}

function sameList(a: ListType | undefined, b: ListType | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return sameDims(a.dims, b.dims) && a.length === b.length && a.written === b.written;
}

function sameDims(a: Dims, b: Dims): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

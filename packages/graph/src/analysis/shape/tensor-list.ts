/** Tensor lists (variants to TensorFlow): how many items they have and of what type. A list's items all have one shape here. */
import { type Dims, sameShape, UNKNOWN } from '../dims.ts';
import { dimOf, type ListType, type Typed } from '../facts.ts';
import type { InferTable, OpContext } from '../op-context.ts';

function listOf(list: ListType): readonly Typed[] {
  return [{ dtype: 'variant', dims: [], list }];
}

/** The list in input `i`; one that nothing is known of has items of the dtype that the node states. */
function listIn(op: OpContext, i: number): ListType {
  const { list } = op.input(i);
  return list ?? { dtype: op.attrs.dtype('element_dtype', 'variant'), dims: null, length: UNKNOWN, written: true };
}

/** A shape argument in which -1, alone or as an element, says nothing. */
function itemShape(op: OpContext, i: number): Dims {
  const { dims } = op.input(i);
  const elements = op.elements(i);
  if (dims === null || dims.length === 0 || elements === undefined) return null;
  return elements.map((element) => (typeof element === 'number' && element < 0 ? UNKNOWN : dimOf(element)));
}

function lengthOf(op: OpContext, i: number): number {
  const element = op.elements(i)?.[0];
  if (typeof element === 'number' && element < 0) throw op.fail(`makes a list of ${element} items`);
  return dimOf(element);
}

function reserve(op: OpContext): readonly Typed[] {
  return listOf({
    dtype: op.attrs.dtype('element_dtype'),
    dims: itemShape(op, 0),
    length: lengthOf(op, 1),
    written: false,
  });
}

function empty(op: OpContext): readonly Typed[] {
  return listOf({ dtype: op.attrs.dtype('element_dtype'), dims: itemShape(op, 0), length: 0, written: false });
}

/** The list with an item of these dimensions in it. */
function withItem(op: OpContext, list: ListType, item: Dims, length: number): readonly Typed[] {
  const dims = sameShape(list.dims, item);
  if (dims === undefined) throw op.fail('puts an item of another shape into the list');
  return listOf({ ...list, dims, length, written: true });
}

function setItem(op: OpContext): readonly Typed[] {
  const list = listIn(op, 0);
  const grows = op.attrs.bool('resize_if_index_out_of_bounds', false);
  return withItem(op, list, op.dims(2), grows ? UNKNOWN : list.length);
}

function pushBack(op: OpContext): readonly Typed[] {
  const list = listIn(op, 0);
  return withItem(op, list, op.dims(1), list.length >= 0 ? list.length + 1 : UNKNOWN);
}

function popBack(op: OpContext): readonly Typed[] {
  const list = listIn(op, 0);
  const length = list.length > 0 ? list.length - 1 : UNKNOWN;
  return [...listOf({ ...list, length }), item(op, list)];
}

function item(op: OpContext, list: ListType): Typed {
  return { dtype: op.attrs.dtype('element_dtype', list.dtype), dims: list.dims };
}

/** Items of `tensor`, its first dimension being the list's. */
function fromTensor(op: OpContext, length?: number): readonly Typed[] {
  const { dtype, dims } = op.input(0);
  if (dims?.length === 0) throw op.fail('makes a list of a scalar');
  return listOf({ dtype, dims: dims?.slice(1) ?? null, length: length ?? dims?.[0] ?? UNKNOWN, written: true });
}

function scatterInto(op: OpContext): readonly Typed[] {
  const list = listIn(op, 0);
  return withItem(op, list, op.dims(1)?.slice(1) ?? null, list.length);
}

function stack(op: OpContext): readonly Typed[] {
  const list = listIn(op, 0);
  const dims = op.inputs.length > 1 ? (sameShape(list.dims, itemShape(op, 1)) ?? list.dims) : list.dims;
  return [{ dtype: op.attrs.dtype('element_dtype', list.dtype), dims: dims && [list.length, ...dims] }];
}

function gather(op: OpContext): readonly Typed[] {
  const list = listIn(op, 0);
  const count = op.dims(1)?.[0] ?? UNKNOWN;
  return [{ dtype: op.attrs.dtype('element_dtype', list.dtype), dims: list.dims && [count, ...list.dims] }];
}

/** Items one behind the other along their first dimension, and the length of each. */
function concat(op: OpContext): readonly Typed[] {
  const list = listIn(op, 0);
  const [first = UNKNOWN, ...rest] = list.dims ?? [];
  const total = first >= 0 && list.length >= 0 ? first * list.length : UNKNOWN;
  return [
    { dtype: op.attrs.dtype('element_dtype', list.dtype), dims: list.dims && [total, ...rest] },
    { dtype: 'int64', dims: [list.length] },
  ];
}

function split(op: OpContext): readonly Typed[] {
  const { dtype, dims } = op.input(0);
  const lengths = op.ints(2);
  const length = op.dims(2)?.[0] ?? UNKNOWN;
  return listOf({ dtype, dims: dims && [lengths?.[0] ?? UNKNOWN, ...dims.slice(1)], length, written: true });
}

function elementShape(op: OpContext): readonly Typed[] {
  return [{ dtype: op.attrs.dtype('shape_type', 'int32'), dims: [listIn(op, 0).dims?.length ?? UNKNOWN] }];
}

export const tensorList: InferTable = {
  TensorListReserve: reserve,
  EmptyTensorList: empty,
  TensorListSetItem: setItem,
  TensorListGetItem: (op) => [item(op, listIn(op, 0))],
  TensorListPushBack: pushBack,
  TensorListPopBack: popBack,
  TensorListFromTensor: (op) => fromTensor(op),
  TensorListScatterIntoExistingList: scatterInto,
  TensorListScatter: (op) => fromTensor(op, UNKNOWN),
  TensorListScatterV2: (op) => fromTensor(op, UNKNOWN),
  TensorListStack: stack,
  TensorListGather: gather,
  TensorListLength: () => [{ dtype: 'int32', dims: [] }],
  TensorListResize: (op) => listOf({ ...listIn(op, 0), length: lengthOf(op, 1) }),
  TensorListConcat: concat,
  TensorListConcatV2: concat,
  TensorListSplit: split,
  TensorListElementShape: elementShape,
};

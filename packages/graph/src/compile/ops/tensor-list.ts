/** Tensor lists. A list is one tensor of all its items; one that nothing was written to is zeros whose unknown sizes are 1. */
import type { Value } from '../../onnx-graph.ts';
import { int64 } from '../constant.ts';
import { each, type Lowering } from '../lowering.ts';
import { asInt64, cast, ints, reshape, unsqueeze } from './common.ts';
import { dimsOf, joined, lengthOf, zeros } from './list-shape.ts';

function reserve(l: Lowering): Value {
  return fresh(l, reshape(l, asInt64(l, 1), [1], 'int64'));
}

function fresh(l: Lowering, length: Value): Value {
  const { dtype, shape } = l.outType();
  const item = (shape ?? []).slice(1).map((size) => (size < 0 ? 1 : size));
  return zeros(l, dtype, joined(l, [length, ints(l, item)]), shape && [shape[0] ?? -1, ...item]);
}

/** Input 0 as a list that takes items of the shape in vector `item`, which are like `type`. */
function widened(l: Lowering, item: Value): Value {
  const shape = l.shape(0);
  const known = shape?.slice(1).every((size) => size >= 0) ?? false;
  if (known) return l.input(0);
  const whole = joined(l, [lengthOf(l, l.input(0), shape), item]);
  const { dtype, shape: dims } = l.outType();
  if (l.isFreshList(0)) return zeros(l, dtype, whole, dims);
  return l.emit('Expand', [l.input(0), whole], {}, { dtype, shape: dims });
}

function setItem(l: Lowering): Value {
  const value = l.input(2);
  const grows = l.attrs.bool('resize_if_index_out_of_bounds', false);
  // The only item there is, as layers that return their last output keep it.
  if (l.shape(0)?.[0] === 1 && !grows) return unsqueeze(l, value, [0]);
  const item = dimsOf(l, value, 0);
  const index = asInt64(l, 1);
  const at = reshape(l, index, [1, 1], 'int64');
  const list = widened(l, item);
  const whole = grows ? grown(l, list, index, item) : list;
  return l.emit('ScatterND', [whole, at, unsqueeze(l, value, [0])], {}, l.outType());
}

/** The list with zeros behind it up to item `index`. */
function grown(l: Lowering, list: Value, index: Value, item: Value): Value {
  const one = { dtype: 'int64' as const, shape: [1] };
  const needed = l.emit('Add', [reshape(l, index, [1], 'int64'), ints(l, [1])], {}, one);
  const missing = l.emit('Sub', [needed, dimsOf(l, list, 0, 1)], {}, one);
  return extended(l, list, l.emit('Max', [missing, ints(l, [0])], {}, one), item);
}

function extended(l: Lowering, list: Value, count: Value, item: Value): Value {
  const { dtype, shape } = l.outType();
  return l.emit('Concat', [list, zeros(l, dtype, joined(l, [count, item]), shape)], { axis: 0 }, { dtype, shape });
}

function pushBack(l: Lowering): Value {
  const value = l.input(1);
  const item = unsqueeze(l, value, [0]);
  if (l.shape(0)?.[0] === 0) return item;
  return l.emit('Concat', [widened(l, dimsOf(l, value, 0)), item], { axis: 0 }, l.outType());
}

function popBack(l: Lowering): readonly Value[] {
  const list = known(l);
  const type = l.outType(1);
  const last = l.fresh('last', { ...int64(-1), shape: [] });
  return [
    l.emit('Slice', [list, ints(l, [0]), ints(l, [-1]), ints(l, [0])], {}, l.outType()),
    l.emit('Gather', [list, last], { axis: 0 }, type),
  ];
}

/** The list in input 0; refused where nothing tells the shape of the items that were never written. */
function known(l: Lowering): Value {
  if (
    l.isFreshList(0) &&
    !(
      l
        .shape(0)
        ?.slice(1)
        .every((size) => size >= 0) ?? false
    )
  )
    throw l.refuse('nothing was written to the list, and its items have no declared shape');
  return l.input(0);
}

function gather(l: Lowering): Value {
  return l.emit('Gather', [known(l), l.input(1)], { axis: 0 }, l.outType());
}

/** Rows of `tensor` (input 1) as items `indices` (input 2) of the list. */
function scatterInto(l: Lowering): Value {
  const rows = l.input(1);
  const indices = unsqueeze(l, asInt64(l, 2), [-1]);
  return l.emit('ScatterND', [widened(l, dimsOf(l, rows, 1)), indices, rows], {}, l.outType());
}

/** Rows of `tensor` (input 0) as items `indices` (input 1) of a new list, as long as input 3 says or the indices need. */
function scatter(l: Lowering): Value {
  const rows = l.input(0);
  const indices = asInt64(l, 1);
  const stated = l.arity > 3 ? l.numbers(3)?.[0] : -1;
  if (stated === undefined) throw l.refuse('the length of the list is not constant');
  const { dtype, shape } = l.outType();
  const whole = joined(l, [stated >= 0 ? ints(l, [stated]) : longest(l, indices), dimsOf(l, rows, 1)]);
  return l.emit('ScatterND', [zeros(l, dtype, whole, shape), unsqueeze(l, indices, [-1]), rows], {}, { dtype, shape });
}

/** One more than the greatest index, as a vector of one. */
function longest(l: Lowering, indices: Value): Value {
  const one = { dtype: 'int64' as const, shape: [1] };
  const padded = l.emit('Concat', [indices, ints(l, [-1])], { axis: 0 }, { dtype: 'int64', shape: [-1] });
  return l.emit('Add', [l.emit('ReduceMax', [padded], { keepdims: 1 }, one), ints(l, [1])], {}, one);
}

function length(l: Lowering): Value {
  return cast(l, reshape(l, lengthOf(l, l.input(0), l.shape(0)), [], 'int64'), 'int64', 'int32');
}

function resize(l: Lowering): Value {
  const list = known(l);
  const size = reshape(l, asInt64(l, 1), [1], 'int64');
  const one = { dtype: 'int64' as const, shape: [1] };
  const cut = l.emit('Slice', [list, ints(l, [0]), size, ints(l, [0])], {}, l.outType());
  const missing = l.emit('Sub', [size, dimsOf(l, cut, 0, 1)], {}, one);
  return extended(l, cut, missing, dimsOf(l, list, 1));
}

/** All items have one length, so the second output repeats it. */
function concat(l: Lowering): readonly Value[] {
  const list = known(l);
  const one = { dtype: 'int64' as const, shape: [1] };
  const [count, size] = [lengthOf(l, list, l.shape(0)), dimsOf(l, list, 1, 2)];
  const whole = joined(l, [l.emit('Mul', [count, size], {}, one), dimsOf(l, list, 2)]);
  return [
    l.emit('Reshape', [list, whole], { allowzero: 1 }, l.outType()),
    l.emit('Expand', [size, count], {}, { dtype: 'int64', shape: [l.shape(0)?.[0] ?? -1] }),
  ];
}

function split(l: Lowering): Value {
  const lengths = l.needNumbers(2, 'the list of lengths');
  const [first] = lengths;
  if (first === undefined || lengths.some((size) => size !== first)) throw l.refuse('the parts have different lengths');
  const whole = joined(l, [ints(l, [lengths.length, first]), dimsOf(l, l.input(0), 1)]);
  return l.emit('Reshape', [l.input(0), whole], { allowzero: 1 }, l.outType());
}

export const TENSOR_LIST = {
  TensorListReserve: reserve,
  EmptyTensorList: (l: Lowering) => fresh(l, ints(l, [0])),
  TensorListFromTensor: (l: Lowering) => l.input(0),
  TensorListStack: known,
  TensorListSetItem: setItem,
  ...each('TensorListGetItem TensorListGather', gather),
  TensorListPushBack: pushBack,
  TensorListPopBack: popBack,
  TensorListScatterIntoExistingList: scatterInto,
  ...each('TensorListScatter TensorListScatterV2', scatter),
  TensorListLength: length,
  TensorListResize: resize,
  ...each('TensorListConcat TensorListConcatV2', concat),
  TensorListSplit: split,
  TensorListElementShape: (l: Lowering) => cast(l, dimsOf(l, l.input(0), 1), 'int64', l.outType().dtype),
};

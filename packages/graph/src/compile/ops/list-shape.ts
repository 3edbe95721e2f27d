/** Shapes of tensor lists at run time. A list is one tensor of all its items, its first dimension being how many there are. */
import type { DType } from '../../dtype.ts';
import type { Value } from '../../onnx-graph.ts';
import type { Lowering } from '../lowering.ts';
import { ints, scalar, shapeOf } from './common.ts';

/** Beyond the end of any vector. */
const END = 2 ** 31 - 1;

/** Dimensions `from` to `to` of a value, as an int64 vector. */
export function dimsOf(l: Lowering, value: Value, from: number, to = END): Value {
  const type = { dtype: 'int64' as const, shape: [to === END ? -1 : to - from] };
  return l.emit('Slice', [shapeOf(l, value), ints(l, [from]), ints(l, [to])], {}, type);
}

/** The number of items, as a vector of one. */
export function lengthOf(l: Lowering, list: Value, shape: readonly number[] | null): Value {
  const length = shape?.[0] ?? -1;
  return length >= 0 ? ints(l, [length]) : dimsOf(l, list, 0, 1);
}

/** Vectors one behind the other. */
export function joined(l: Lowering, parts: readonly Value[]): Value {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  return l.emit('Concat', parts, { axis: 0 }, { dtype: 'int64', shape: [-1] });
}

/** Zeros of a shape that is known when the graph runs. */
export function zeros(l: Lowering, dtype: DType, shape: Value, dims: readonly number[] | null): Value {
  if (dtype === 'string') throw l.refuse('lists of strings have no zeros to begin with');
  return l.emit('Expand', [scalar(l, dtype, 0), shape], {}, { dtype, shape: dims });
}

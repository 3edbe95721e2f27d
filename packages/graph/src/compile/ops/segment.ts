/**
 * Sums (and means, products, extremes) over segments: rows that have the same number. A row with a negative number counts nowhere.
 * Source: `tensorflow/core/kernels/segment_reduction_ops_impl.h` and `bincount_op.cc`.
 */
import type { DType } from '../../dtype.ts';
import type { Value } from '../../onnx-graph.ts';
import { scalarOf } from '../constant.ts';
import type { Lower, Lowering } from '../lowering.ts';
import { and, Calculator, reshapeTo, rowsOf, sizeOfAxis, tailOf, vector } from './calculate.ts';
import { asInt64, cast, ints, placesOf, range, reshape, run, scalar, unsqueeze } from './common.ts';
import { scatter } from './scatter.ts';

type Kind = 'Sum' | 'Mean' | 'SqrtN' | 'Prod' | 'Max' | 'Min';

const REDUCTION = { Sum: 'add', Mean: 'add', SqrtN: 'add', Prod: 'mul', Max: 'max', Min: 'min' } as const;

const INTEGER_LIMITS: Partial<Record<DType, readonly [number | bigint, number | bigint]>> = {
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-2147483648, 2147483647],
  uint32: [0, 4294967295],
};
const MOST: Partial<Record<DType, number>> = {
  float32: 3.4028234663852886e38,
  float64: Number.MAX_VALUE,
  float16: 65504,
};

/** What an empty segment has: the neutral element, where an extreme's is the lowest or highest finite number. */
function neutral(l: Lowering, kind: Kind, dtype: DType): number | bigint {
  if (kind === 'Prod') return 1;
  if (kind !== 'Max' && kind !== 'Min') return 0;
  const most = MOST[dtype];
  const [low, high] = INTEGER_LIMITS[dtype] ?? (most === undefined ? [] : [-most, most]);
  if (low === undefined || high === undefined) throw l.refuse(`extremes of segments of ${dtype}`);
  return kind === 'Max' ? low : high;
}

/** Rows to reduce. */
interface Rows {
  /** [k, ...tail] */
  readonly data: Value;
  /** [k] as int64. */
  readonly ids: Value;
  /** Number of segments, int64 of shape [1]. */
  readonly count: Value;
  readonly tail: readonly (Value | number)[];
  readonly dtype: DType;
}

/** One more row than there are segments takes what counts nowhere. */
function reduced(l: Lowering, kind: Kind, { data, ids, count, tail, dtype }: Rows): Value {
  const whole = new Calculator(l, 'int64');
  const counts = and(l, whole.is('GreaterOrEqual', ids, 0), whole.is('Less', ids, count));
  const places = unsqueeze(l, whole.pick(counts, ids, count), [1]);
  const shape = vector(l, [whole.do('Add', count, 1), ...tail]);
  const first = neutral(l, kind, dtype);
  const filling = typeof first === 'bigint' ? l.fresh('constant', scalarOf(dtype, first)) : scalar(l, dtype, first);
  const start = l.emit('Expand', [filling, shape], {}, { dtype, shape: null });
  const all = scatter(l, [start, places, data], REDUCTION[kind], dtype);
  return l.emit('Slice', [all, ints(l, [0]), count, ints(l, [0])], {}, { dtype, shape: null });
}

/** How many rows each segment has, with a dimension of 1 for each of the tail's. */
function sizes(l: Lowering, rows: Rows): Value {
  const one = scalar(l, 'int64', 1);
  const size = vector(l, [sizeOfAxis(l, rows.ids, 0)]);
  const ones = l.emit('Expand', [one, size], {}, { dtype: 'int64', shape: [-1] });
  const counted = reduced(l, 'Sum', { ...rows, data: ones, tail: [], dtype: 'int64' });
  return reshape(l, counted, [-1, ...rows.tail.map(() => 1)], 'int64');
}

/** Of empty segments 0, of others the reduction; a mean is a sum over a number. */
function finished(l: Lowering, kind: Kind, rows: Rows): Value {
  const { dtype } = rows;
  const total = reduced(l, kind, rows);
  if (kind === 'Sum') return total;
  const value = new Calculator(l, dtype);
  const count = sizes(l, rows);
  if (kind !== 'Mean' && kind !== 'SqrtN') {
    const empty = new Calculator(l, 'int64').is('Equal', count, 0);
    return kind === 'Prod' ? value.pick(empty, 1, total) : value.pick(empty, 0, total);
  }
  const number = value.from(new Calculator(l, 'int64').do('Max', count, 1), 'int64');
  return value.do('Div', total, kind === 'Mean' ? number : value.do('Sqrt', number));
}

/** Inputs: data, ids of any leading dimensions, how many segments. */
function unsorted(kind: Kind): Lower {
  return (l) => {
    const tail = tailOf(l, 0, l.rank(1));
    const dtype = l.dtype();
    const ids = reshape(l, asInt64(l, 1), [-1], 'int64');
    const data = rowsOf(l, 0, l.rank(1));
    return reduced(l, kind, { data, ids, count: reshape(l, asInt64(l, 2), [1], 'int64'), tail, dtype });
  };
}

/** Inputs: rows, their segments in order: there are as many as the last one says. */
function sorted(kind: Kind): Lower {
  return (l) => {
    const ids = asInt64(l, 1);
    return finished(l, kind, {
      data: l.input(0),
      ids,
      count: countOf(l, ids),
      tail: tailOf(l, 0, 1),
      dtype: l.dtype(),
    });
  };
}

/** Inputs: a table, which of its rows, their segments in order, and in some ops how many segments. */
function sparse(kind: Kind, counted: boolean): Lower {
  return (l) => {
    const ids = asInt64(l, 2);
    const dtype = l.dtype();
    const data = l.emit('Gather', [l.input(0), placesOf(l, 1)], { axis: 0 }, { dtype, shape: null });
    const count = counted ? reshape(l, asInt64(l, 3), [1], 'int64') : countOf(l, ids);
    return finished(l, kind, { data, ids, count, tail: tailOf(l, 0, 1), dtype });
  };
}

/** One more than the highest number, 0 where there is none. */
function countOf(l: Lowering, ids: Value): Value {
  const some = l.emit('Concat', [ids, ints(l, [-1])], { axis: 0 }, { dtype: 'int64', shape: [-1] });
  const highest = l.emit('ReduceMax', [some], { keepdims: 1 }, { dtype: 'int64', shape: [1] });
  return new Calculator(l, 'int64').do('Add', highest, 1);
}

/** Inputs: numbers, how many there are to count, a weight for each (or none: 1). Numbers outside count nowhere. */
function bincount(l: Lowering): Value {
  return countedByRow(l) ?? countedByPlace(l);
}

/** Rows are compared with every bin up to this many times. */
const MOST_COMPARED = 1 << 20;

/** Each row by itself, where its numbers and the bins are few. */
function countedByRow(l: Lowering): Value | undefined {
  const [, width = -1] = l.shape(0) ?? [];
  const size = l.numbers(1)?.[0] ?? -1;
  const few = width >= 0 && size >= 0 && width * size <= MOST_COMPARED;
  const binary = l.attrs.bool('binary_output', false);
  const unweighted = binary || (l.shape(2)?.includes(0) ?? false);
  if (l.node.op !== 'DenseBincount' || !few || (!unweighted && l.shape(2)?.[1] !== width)) return undefined;
  const number = new Calculator(l, l.dtype(2));
  const bins = ints(l, range(size));
  const hit = new Calculator(l, 'int64').is('Equal', unsqueeze(l, asInt64(l, 0), [2]), bins);
  const hits = number.from(hit, 'bool');
  const counted = unweighted ? hits : number.do('Mul', hits, unsqueeze(l, l.input(2), [2]));
  const sum = run(l, 'ReduceSum', [counted], number.dtype, { attrs: { keepdims: 0 }, extra: [ints(l, [1])] });
  return binary ? number.from(number.is('Greater', sum, 0), 'bool') : sum;
}

/** The first input of RaggedBincount says where rows begin. */
function isRagged(l: Lowering): boolean {
  return l.node.op === 'RaggedBincount';
}

/** All together, by places that tell row and bin. */
function countedByPlace(l: Lowering): Value {
  const first = isRagged(l) ? 1 : 0;
  const dtype = l.dtype(first + 2);
  const rows = rowCount(l);
  const size = reshape(l, asInt64(l, first + 1), [1], 'int64');
  const whole = new Calculator(l, 'int64');
  const number = asInt64(l, first);
  const inside = and(l, whole.is('GreaterOrEqual', number, 0), whole.is('Less', number, size));
  const bin = whole.pick(inside, number, size);
  const width = whole.do('Add', size, 1);
  const row = rows === undefined ? undefined : isRagged(l) ? raggedRows(l) : rowNumbers(l, rows);
  const place = row === undefined ? bin : whole.do('Add', bin, whole.do('Mul', row, width));
  const flat = reshape(l, place, [-1], 'int64');
  const weights = weightsOf(l, first + 2, flat);
  const total = rows === undefined ? width : whole.do('Mul', width, rows);
  const nothing = l.emit('Expand', [scalar(l, dtype, 0), vector(l, [total])], {}, { dtype, shape: [-1] });
  const counted = scatter(l, [nothing, unsqueeze(l, flat, [1]), weights], 'add', dtype);
  const table = rows === undefined ? counted : reshapeTo(l, counted, [rows, width], dtype);
  const axis = ints(l, [rows === undefined ? 0 : 1]);
  const cut = l.emit('Slice', [table, ints(l, [0]), size, axis], {}, { dtype, shape: null });
  if (!l.attrs.bool('binary_output', false)) return cut;
  return cast(l, new Calculator(l, dtype).is('Greater', cut, 0), 'bool', dtype);
}

/** Undefined where all is counted together. */
function rowCount(l: Lowering): Value | undefined {
  const size = (): Value => sizeOfAxis(l, l.input(0), 0, l.shape(0)?.[0]);
  if (isRagged(l)) return new Calculator(l, 'int64').do('Sub', size(), 1);
  return l.node.op === 'DenseBincount' && l.rank(0) === 2 ? size() : undefined;
}

function rowNumbers(l: Lowering, rows: Value): Value {
  const inputs = [scalar(l, 'int64', 0), rows, scalar(l, 'int64', 1)];
  return unsqueeze(l, l.emit('Range', inputs, {}, { dtype: 'int64', shape: [-1] }), [1]);
}

/** How many rows have begun at each value, of those after the first. */
function raggedRows(l: Lowering): Value {
  const type = { dtype: 'int64', shape: [-1] } as const;
  const count = sizeOfAxis(l, l.input(1), 0, l.shape(1)?.[0]);
  const one = scalar(l, 'int64', 1);
  const begins = l.emit('Slice', [l.input(0), ints(l, [1]), ints(l, [-1]), ints(l, [0])], {}, type);
  const longer = new Calculator(l, 'int64').do('Add', count, 1);
  const nothing = l.emit('Expand', [scalar(l, 'int64', 0), vector(l, [longer])], {}, type);
  const ones = l.emit('Expand', [one, vector(l, [sizeOfAxis(l, begins, 0)])], {}, type);
  const marks = scatter(l, [nothing, unsqueeze(l, begins, [1]), ones], 'add', 'int64');
  const begun = l.emit('CumSum', [marks, scalar(l, 'int64', 0)], {}, type);
  return l.emit('Slice', [begun, ints(l, [0]), vector(l, [count]), ints(l, [0])], {}, type);
}

/** Of input `i`, one for each place. */
function weightsOf(l: Lowering, i: number, places: Value): Value {
  const dtype = l.dtype(i);
  const count = vector(l, [sizeOfAxis(l, places, 0)]);
  const ones = l.emit('Expand', [scalar(l, dtype, 1), count], {}, { dtype, shape: [-1] });
  if (l.attrs.bool('binary_output', false) || l.shape(i)?.includes(0)) return ones;
  // Weights that turn out to be none leave the ones.
  const both = [reshape(l, l.input(i), [-1], dtype), ones];
  const all = l.emit('Concat', both, { axis: 0 }, { dtype, shape: [-1] });
  return l.emit('Slice', [all, ints(l, [0]), count, ints(l, [0])], {}, { dtype, shape: [-1] });
}

const KINDS = ['Sum', 'Mean', 'Prod', 'Max', 'Min'] as const;
const SPARSE = ['Sum', 'Mean', 'SqrtN'] as const;

export const SEGMENT: Readonly<Record<string, Lower>> = {
  ...Object.fromEntries(KINDS.map((kind) => [`Segment${kind}`, sorted(kind)])),
  ...Object.fromEntries(
    KINDS.filter((kind) => kind !== 'Mean').map((kind) => [`UnsortedSegment${kind}`, unsorted(kind)]),
  ),
  ...Object.fromEntries(SPARSE.map((kind) => [`SparseSegment${kind}`, sparse(kind, false)])),
  ...Object.fromEntries(SPARSE.map((kind) => [`SparseSegment${kind}WithNumSegments`, sparse(kind, true)])),
  Bincount: bincount,
  DenseBincount: bincount,
  RaggedBincount: countedByPlace,
};

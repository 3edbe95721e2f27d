/** Ops that put elements at places: scatters, stitches, partitions, permutations, and sets of distinct elements. */
import type { DType } from '../../dtype.ts';
import type { Value } from '../../onnx-graph.ts';
import { each, type Lower, type Lowering } from '../lowering.ts';
import { Calculator, not, indices as numbered, reshapeTo, rowsOf, sizeOfAxis, tailOf, vector } from './calculate.ts';
import { asInt64, cast, ints, placesOf, range, reshape, scalar, shapeOf, unsqueeze } from './common.ts';

type Reduction = 'none' | 'add' | 'mul' | 'max' | 'min';

/** First operator set in which ScatterND reduces so. */
const SINCE: Readonly<Record<Reduction, number>> = { none: 11, add: 16, mul: 16, max: 18, min: 18 };

/** In which dtypes the engine's ScatterND adds up (and so on). */
const REDUCED: ReadonlySet<DType> = new Set<DType>(['float32', 'float64', 'int32', 'int64']);

function reducedDtype(dtype: DType): DType {
  if (REDUCED.has(dtype)) return dtype;
  return dtype === 'float16' ? 'float32' : 'int64';
}

/** `target` with `updates` put in (or added, ...) where `places` [..., depth] says. */
export function scatter(
  l: Lowering,
  [target, places, updates]: readonly [Value, Value, Value],
  reduction: Reduction,
  dtype: DType,
): Value {
  if (l.opset < SINCE[reduction]) throw l.refuse(`scattering with ${reduction} needs operator set ${SINCE[reduction]}`);
  if (reduction !== 'none' && dtype === 'uint64') throw l.refuse('the engine scatters no uint64');
  const kernel = reduction === 'none' ? dtype : reducedDtype(dtype);
  const inputs = [cast(l, target, dtype, kernel), places, cast(l, updates, dtype, kernel)];
  const attrs = reduction === 'none' ? {} : { reduction };
  return cast(l, l.emit('ScatterND', inputs, attrs, { dtype: kernel, shape: null }), kernel, dtype);
}

/** Inputs: places, updates, the shape of the result; what meets at one place adds up. */
function scatterNd(l: Lowering): Value {
  const dtype = l.dtype(1);
  const nothing = l.emit('Expand', [scalar(l, dtype, 0), asInt64(l, 2)], {}, { dtype, shape: l.outType().shape });
  return scatter(l, [nothing, placesOf(l, 0), l.input(1)], dtype === 'bool' ? 'none' : 'add', dtype);
}

/** Inputs: tensor, places, updates. */
function tensorScatter(reduction: Reduction, negated = false): Lower {
  return (l) => {
    const dtype = l.dtype();
    const updates = negated ? new Calculator(l, dtype).do('Sub', 0, l.input(2)) : l.input(2);
    return scatter(l, [l.input(0), placesOf(l, 1), updates], reduction, dtype);
  };
}

/** Inputs: places (one, a list, or rows of coordinates), shape, a value for each place or for all, the value everywhere else. */
function sparseToDense(l: Lowering): Value {
  const dtype = l.dtype(2);
  const rank = l.rank(0);
  const places = reshapeTo(
    l,
    placesOf(l, 0),
    rank === 2 ? [-1, sizeOfAxis(l, asInt64(l, 0), 1, l.shape(0)?.[1])] : [-1, 1],
    'int64',
  );
  const count = vector(l, [sizeOfAxis(l, places, 0)]);
  const values = l.emit('Expand', [l.input(2), count], {}, { dtype, shape: [-1] });
  const rest = l.emit('Expand', [l.input(3), asInt64(l, 1)], {}, { dtype, shape: l.outType().shape });
  return scatter(l, [rest, places, values], 'none', dtype);
}

/** Inputs: n tensors of row numbers, n tensors of rows. A row that is given more than once is the one given last. */
function dynamicStitch(l: Lowering): Value {
  const n = l.arity / 2;
  const dtype = l.dtype(n);
  const tail = tailOf(l, n, l.rank(0));
  const places = l.emit(
    'Concat',
    range(n).map((i) => reshape(l, placesOf(l, i), [-1], 'int64')),
    { axis: 0 },
    { dtype: 'int64', shape: [-1] },
  );
  const rows = range(n).map((i) => (l.rank(i) === 0 ? unsqueeze(l, l.input(n + i), [0]) : rowsOf(l, n + i, l.rank(i))));
  const updates = l.emit('Concat', rows, { axis: 0 }, { dtype, shape: null });
  const whole = new Calculator(l, 'int64');
  const highest = l.emit('Concat', [places, ints(l, [-1])], { axis: 0 }, { dtype: 'int64', shape: [-1] });
  const count = whole.do('Add', l.emit('ReduceMax', [highest], { keepdims: 1 }, { dtype: 'int64', shape: [1] }), 1);
  const nothing = l.emit('Expand', [scalar(l, dtype, 0), vector(l, [count, ...tail])], {}, { dtype, shape: null });
  return scatter(l, [nothing, unsqueeze(l, places, [1]), updates], 'none', dtype);
}

/** Inputs: rows, the part of each; output i has the rows of part i. */
function dynamicPartition(l: Lowering): readonly Value[] {
  const dtype = l.dtype();
  const depth = l.rank(1);
  const rows = rowsOf(l, 0, depth);
  const parts = reshape(l, asInt64(l, 1), [-1], 'int64');
  const whole = new Calculator(l, 'int64');
  return range(l.count(l.attrs.int('num_partitions'), 'the number of parts')).map((part) =>
    l.emit('Compress', [rows, whole.is('Equal', parts, part)], { axis: 0 }, { dtype, shape: null }),
  );
}

function invertPermutation(l: Lowering): Value {
  const size = sizeOfAxis(l, l.input(0), 0, l.shape(0)?.[0]);
  const places = placesOf(l, 0);
  const inverted = l.emit(
    'ScatterElements',
    [places, places, numbered(l, size)],
    { axis: 0 },
    { dtype: 'int64', shape: [-1] },
  );
  return cast(l, inverted, 'int64', l.dtype());
}

/** In which dtypes the engine finds distinct elements. */
const DISTINCT: ReadonlySet<DType> = new Set<DType>(['float32', 'float64', 'int64', 'int8', 'string']);

/** Outputs: the distinct elements in the order of their first occurrence, the number of each element's, and in some ops how often each occurs. */
function unique(l: Lowering): readonly Value[] {
  const dtype = l.dtype();
  if (l.arity > 1 && (l.rank(0) !== 1 || (l.needNumbers(1, 'the axis')[0] ?? 0) !== 0))
    throw l.refuse('distinct rows of a tensor');
  if (dtype === 'uint64') throw l.refuse('the engine finds no distinct uint64');
  const kernel = DISTINCT.has(dtype) ? dtype : dtype === 'float16' ? 'float32' : 'int64';
  const input = cast(l, l.input(0), dtype, kernel);
  const [values = '', , inverse = '', counts = ''] = l.emitMany(
    'Unique',
    [input],
    4,
    { sorted: 0 },
    { dtype: 'int64', shape: [-1] },
  );
  l.graph.types.set(values, { dtype: kernel, shape: [-1] });
  const type = l.attrs.dtype('out_idx', 'int32');
  return [cast(l, values, kernel, dtype), cast(l, inverse, 'int64', type), cast(l, counts, 'int64', type)].slice(
    0,
    l.node.op.startsWith('UniqueWithCounts') ? 3 : 2,
  );
}

/** Outputs: the elements of the first list that are not in the second, and where they are. */
function listDiff(l: Lowering): readonly Value[] {
  const dtype = l.dtype();
  const equal = new Calculator(l, dtype).is('Equal', unsqueeze(l, l.input(0), [1]), l.input(1));
  const hits = l.emit(
    'ReduceSum',
    [cast(l, equal, 'bool', 'int64'), ints(l, [1])],
    { keepdims: 0 },
    { dtype: 'int64', shape: [-1] },
  );
  const left = not(l, new Calculator(l, 'int64').is('Greater', hits, 0));
  const places = numbered(l, sizeOfAxis(l, l.input(0), 0, l.shape(0)?.[0]));
  const kept = (value: Value, type: DType): Value =>
    l.emit('Compress', [value, left], { axis: 0 }, { dtype: type, shape: [-1] });
  return [kept(l.input(0), dtype), cast(l, kept(places, 'int64'), 'int64', l.attrs.dtype('out_idx', 'int32'))];
}

/** The shape that two shapes broadcast to. */
function broadcastArgs(l: Lowering): Value {
  const dtype = l.dtype();
  const shaped = (i: number): Value =>
    l.emit('Expand', [scalar(l, 'bool', 0), asInt64(l, i)], {}, { dtype: 'bool', shape: null });
  return cast(l, shapeOf(l, l.emit('Or', [shaped(0), shaped(1)], {}, { dtype: 'bool', shape: null })), 'int64', dtype);
}

export const SCATTER = {
  ScatterNd: scatterNd,
  TensorScatterUpdate: tensorScatter('none'),
  TensorScatterAdd: tensorScatter('add'),
  TensorScatterSub: tensorScatter('add', true),
  TensorScatterMax: tensorScatter('max'),
  TensorScatterMin: tensorScatter('min'),
  SparseToDense: sparseToDense,
  ...each('DynamicStitch ParallelDynamicStitch', dynamicStitch),
  DynamicPartition: dynamicPartition,
  InvertPermutation: invertPermutation,
  ...each('Unique UniqueV2 UniqueWithCounts UniqueWithCountsV2', unique),
  ListDiff: listDiff,
  BroadcastArgs: broadcastArgs,
} satisfies Record<string, Lower>;

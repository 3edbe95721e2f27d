/** Ops on constants that move or repeat elements. */
import { arrayFor, sizeOf, type Tensor } from '../../tensor.ts';
import { permutation } from '../shape/reshape.ts';
import { denseSlices } from '../strided-slice.ts';
import type { Evaluate, Known } from './evaluate.ts';
import { broadcastStrides, join, positions, stridesOf, take } from './strides.ts';

/** Same elements, other shape. */
const recount: Evaluate = (_, [x], [type]) => x && type && [{ ...x, shape: type.dims }];

const transpose: Evaluate = (op, [x], [type]) => {
  const perm = permutation(op);
  if (x === undefined || type === undefined || perm === undefined) return undefined;
  const strides = stridesOf(x.shape);
  return [
    take(
      x,
      type.dims,
      positions(
        type.dims,
        perm.map((axis) => strides[axis] ?? 0),
      ),
    ),
  ];
};

const broadcastTo: Evaluate = (_, [x], [type]) =>
  x && type && [take(x, type.dims, positions(type.dims, broadcastStrides(x.shape, type.dims.length)))];

/** Each dimension becomes two, the repetition and the dimension itself, of which the first takes no step. */
const tile: Evaluate = (op, [x], [type]) => {
  const multiples = op.ints(1);
  if (x === undefined || type === undefined || multiples === undefined) return undefined;
  const strides = stridesOf(x.shape);
  const shape = x.shape.flatMap((dim, i) => [multiples[i] ?? 1, dim]);
  return [
    take(
      x,
      type.dims,
      positions(
        shape,
        strides.flatMap((stride) => [0, stride]),
      ),
    ),
  ];
};

const slice: Evaluate = (op, [x], [type]) => {
  const begin = op.ints(1);
  return x && type && begin && [part(x, type, begin)];
};

/** The block of a tensor that begins at these coordinates. */
function part(x: Tensor, { dims }: Known, begin: readonly number[]): Tensor {
  const strides = stridesOf(x.shape);
  const offset = strides.reduce((sum, stride, i) => sum + stride * (begin[i] ?? 0), 0);
  return take(x, dims, positions(dims, strides, offset));
}

const stridedSlice: Evaluate = (op, [x], [type]) => {
  const slices = denseSlices(op);
  if (x === undefined || type === undefined || slices === undefined) return undefined;
  const steps = stridesOf(x.shape);
  const strides: number[] = [];
  let offset = 0;
  for (const entry of slices) {
    if (entry.kind === 'new') strides.push(0);
    else {
      const step = steps[entry.axis] ?? 0;
      offset += step * (entry.start ?? 0);
      if (entry.kind === 'range') strides.push(step * (entry.stride ?? 1));
    }
  }
  return [take(x, type.dims, positions(type.dims, strides, offset))];
};

const reverse: Evaluate = (op, [x], [type]) => {
  const axes = op.ints(1)?.map((axis) => op.axis(axis, x?.shape.length ?? 0));
  if (x === undefined || type === undefined || axes === undefined) return undefined;
  const steps = stridesOf(x.shape);
  const strides = steps.map((step, i) => (axes.includes(i) ? -step : step));
  const offset = axes.reduce((sum, axis) => sum + (steps[axis] ?? 0) * ((x.shape[axis] ?? 1) - 1), 0);
  return [take(x, type.dims, positions(type.dims, strides, offset))];
};

/** Joins along `axis` by taking the parts apart into rows before it. */
function concat(parts: readonly Tensor[], axis: number, { dims }: Known): readonly Tensor[] {
  const outer = sizeOf(dims.slice(0, axis));
  const all = join(parts, [parts.reduce((sum, part) => sum + sizeOf(part.shape), 0)]);
  if (outer <= 1) return [{ ...all, shape: dims }];
  const from = new Int32Array(sizeOf(dims));
  const starts = startsOf(parts);
  let at = 0;
  for (let row = 0; row < outer; row++) {
    parts.forEach((part, p) => {
      const width = sizeOf(part.shape) / outer;
      for (let i = 0; i < width; i++) from[at++] = (starts[p] ?? 0) + row * width + i;
    });
  }
  return [take(all, dims, from)];
}

function startsOf(parts: readonly Tensor[]): readonly number[] {
  let start = 0;
  return parts.map((part) => {
    const here = start;
    start += sizeOf(part.shape);
    return here;
  });
}

const concatV2: Evaluate = (op, inputs, [type]) => {
  const axis = op.int(inputs.length - 1);
  return type && axis !== undefined ? concat(inputs.slice(0, -1), op.axis(axis, type.dims.length), type) : undefined;
};

const concatV1: Evaluate = (op, inputs, [type]) => {
  const axis = op.int(0);
  return type && axis !== undefined ? concat(inputs.slice(1), op.axis(axis, type.dims.length), type) : undefined;
};

const pack: Evaluate = (op, inputs, [type]) => {
  if (type === undefined) return undefined;
  const axis = op.axis(op.attrs.int('axis', 0), type.dims.length);
  return concat(
    inputs.map((input) => ({ ...input, shape: input.shape.toSpliced(axis, 0, 1) })),
    axis,
    type,
  );
};

const unpack: Evaluate = (op, [x], types) => {
  if (x === undefined) return undefined;
  const axis = op.axis(op.attrs.int('axis', 0), x.shape.length);
  return types.map((type, i) => {
    const piece = part(x, { ...type, dims: x.shape.with(axis, 1) }, startAt(x, axis, i));
    return { ...piece, shape: type.dims };
  });
};

function startAt(x: Tensor, axis: number, index: number): readonly number[] {
  return x.shape.map((_, i) => (i === axis ? index : 0));
}

/** Parts along an axis, one after the other. */
function pieces(
  x: Tensor | undefined,
  axis: number | undefined,
  types: readonly Known[],
): readonly Tensor[] | undefined {
  if (x === undefined || axis === undefined) return undefined;
  const at = axis < 0 ? axis + x.shape.length : axis;
  let start = 0;
  return types.map((type) => {
    const piece = part(x, type, startAt(x, at, start));
    start += type.dims[at] ?? 0;
    return piece;
  });
}

/** Rows along one axis, in each batch its own; an index outside is the run's error to report. */
const gather: Evaluate = (op, [params, indices], [type]) => {
  const axis = op.node.op === 'Gather' ? 0 : op.int(2);
  if (params === undefined || indices === undefined || type === undefined || axis === undefined) return undefined;
  const at = op.axis(axis, params.shape.length);
  const rows = Array.from(indices.data as ArrayLike<number | bigint>, Number);
  const size = params.shape[at] ?? 0;
  if (rows.some((row) => row < 0 || row >= size)) return undefined;
  const shared = op.attrs.int('batch_dims', 0);
  const batch = shared < 0 ? shared + indices.shape.length : shared;
  const inner = sizeOf(params.shape.slice(at + 1));
  const middle = sizeOf(params.shape.slice(batch, at));
  const perBatch = sizeOf(indices.shape.slice(batch));
  const from = new Int32Array(sizeOf(type.dims));
  for (let i = 0; i < from.length; i++) {
    const row = Math.floor(i / inner);
    const outer = Math.floor(row / perBatch);
    const index = rows[Math.floor(outer / middle) * perBatch + (row % perBatch)] ?? 0;
    from[i] = (outer * size + index) * inner + (i % inner);
  }
  return [take(params, type.dims, from)];
};

/** Pads with zeros or with a given value. */
const pad: Evaluate = (op, [x, , value], [type]) => {
  const paddings = op.input(1).constant?.data as ArrayLike<number | bigint> | undefined;
  if (x === undefined || type === undefined || paddings === undefined || x.dtype === 'string') return undefined;
  const filled = value === undefined ? zeros(x, type.dims) : repeat(value, type.dims);
  const strides = stridesOf(type.dims);
  const offset = strides.reduce((sum, stride, i) => sum + stride * Number(paddings[2 * i] ?? 0), 0);
  const to = positions(x.shape, strides, offset);
  const data = filled.data as Float32Array;
  to.forEach((position, i) => {
    data[position] = (x.data as Float32Array)[i] as number;
  });
  return [filled];
};

function zeros({ dtype }: Tensor, dims: readonly number[]): Tensor {
  return { dtype, shape: dims, data: new (arrayFor(dtype))(sizeOf(dims)) };
}

function repeat(value: Tensor, dims: readonly number[]): Tensor {
  return take(value, dims, new Int32Array(sizeOf(dims)));
}

const fill: Evaluate = (_, [, value], [type]) => value && type && [repeat(value, type.dims)];

export const layout: Readonly<Record<string, Evaluate>> = {
  Reshape: recount,
  Squeeze: recount,
  ExpandDims: recount,
  Transpose: transpose,
  ConjugateTranspose: transpose,
  BroadcastTo: broadcastTo,
  Tile: tile,
  Slice: slice,
  StridedSlice: stridedSlice,
  ReverseV2: reverse,
  Concat: concatV1,
  ConcatV2: concatV2,
  Pack: pack,
  Unpack: unpack,
  Split: (op, [, x], types) => pieces(x, op.int(0), types),
  SplitV: (op, [x], types) => pieces(x, op.int(2), types),
  Gather: gather,
  GatherV2: gather,
  Pad: pad,
  PadV2: pad,
  Fill: fill,
};

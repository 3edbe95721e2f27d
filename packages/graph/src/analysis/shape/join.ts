/** Ops that put tensors together or take them apart along a dimension: Concat, Pack, Split, Unpack. */
import { type Dims, formatDims, UNKNOWN, unknownDims } from '../dims.ts';
import type { Facts, Typed } from '../facts.ts';
import { each, type InferTable, type OpContext } from '../op-context.ts';

function concat(op: OpContext, axis: number | undefined, parts: readonly Facts[]): readonly Typed[] {
  op.sameDtypes(parts);
  const dtype = op.attrs.dtype('T', parts[0]?.dtype);
  const rank = parts.find(({ dims }) => dims !== null)?.dims?.length;
  if (rank === undefined) return [{ dtype, dims: null }];
  for (const { dims } of parts) {
    if (dims !== null && dims.length !== rank) throw op.fail(`concatenates ranks ${rank} and ${dims.length}`);
  }
  if (axis === undefined) return [{ dtype, dims: parts.length === 1 ? (parts[0]?.dims ?? null) : unknownDims(rank) }];
  const at = op.axis(axis, rank);
  const shapes = parts.map(({ dims }) => dims ?? unknownDims(rank));
  const dims = unknownDims(rank).map((_, i) => (i === at ? sum(shapes, i) : agree(op, shapes, i)));
  return [{ dtype, dims }];
}

function sum(shapes: readonly (readonly number[])[], axis: number): number {
  const sizes = shapes.map((dims) => dims[axis] ?? UNKNOWN).filter((size) => size !== 0);
  if (sizes.length === 1) return sizes[0] ?? UNKNOWN;
  return sizes.some((size) => size < 0) ? UNKNOWN : sizes.reduce((total, size) => total + size, 0);
}

function agree(op: OpContext, shapes: readonly (readonly number[])[], axis: number): number {
  return shapes.reduce((known, dims) => op.same(known, dims[axis], `sizes in dimension ${axis}`), UNKNOWN);
}

/** Stacks tensors of one shape along a new dimension. */
function pack(op: OpContext): readonly Typed[] {
  op.sameDtypes(op.inputs);
  const dims = op.inputs.reduce<Dims>((known, input) => op.sameShape(known, input.dims), null);
  if (dims === null) return [{ dtype: op.dtype(), dims }];
  const axis = op.axis(op.attrs.int('axis', 0), dims.length + 1);
  return [{ dtype: op.dtype(), dims: dims.toSpliced(axis, 0, op.inputs.length) }];
}

/** The number of outputs that an attribute states; the bound keeps a hostile one from filling the memory. */
const MAX_OUTPUTS = 65_536;

function outputs(op: OpContext, name: string): number {
  const count = op.attrs.int(name);
  if (count < 0 || count > MAX_OUTPUTS) throw op.fail(`has ${name} ${count}`);
  return count;
}

function unpack(op: OpContext): readonly Typed[] {
  const dims = op.dims(0);
  const count = outputs(op, 'num');
  if (dims === null) return new Array<Typed>(count).fill({ dtype: op.dtype(), dims });
  const axis = op.axis(op.attrs.int('axis', 0), dims.length);
  op.same(dims[axis], count, 'elements to unpack');
  return new Array<Typed>(count).fill({ dtype: op.dtype(), dims: dims.toSpliced(axis, 1) });
}

function split(op: OpContext): readonly Typed[] {
  const dims = op.dims(1);
  const dtype = op.dtype('T', 1);
  const count = outputs(op, 'num_split');
  const axis = op.int(0);
  if (dims === null || axis === undefined)
    return new Array<Typed>(count).fill({ dtype, dims: dims && unknownDims(dims.length) });
  const at = op.axis(axis, dims.length);
  const size = dims[at] ?? UNKNOWN;
  if (count === 0 || (size >= 0 && size % count !== 0))
    throw op.fail(`splits dimension ${at} of ${formatDims(dims)} into ${count}`);
  const each = size < 0 ? (count === 1 ? size : UNKNOWN) : size / count;
  return new Array<Typed>(count).fill({ dtype, dims: dims.with(at, each) });
}

/** The sizes of the parts are an input; one of them may be -1, the rest. */
function splitV(op: OpContext): readonly Typed[] {
  const dims = op.dims(0);
  const count = outputs(op, 'num_split');
  const axis = op.int(2);
  if (dims === null || axis === undefined) {
    return new Array<Typed>(count).fill({ dtype: op.dtype(), dims: dims && unknownDims(dims.length) });
  }
  const at = op.axis(axis, dims.length);
  return splitSizes(op, dims[at] ?? UNKNOWN, count).map((size) => ({ dtype: op.dtype(), dims: dims.with(at, size) }));
}

/** Sizes of the parts that SplitV makes of a dimension. Throws INVALID_ARGUMENT where they do not add up. */
export function splitSizes(op: OpContext, size: number, count: number): readonly number[] {
  const sizes = op.ints(1);
  if (sizes === undefined) return unknownDims(count);
  const rest = sizes.indexOf(-1);
  const stated = sizes.reduce((total, part, i) => (i === rest ? total : total + part), 0);
  const wrong =
    sizes.some((part, i) => part < 0 && i !== rest) || (size >= 0 && (rest < 0 ? stated !== size : stated > size));
  if (sizes.length !== count || wrong) throw op.fail(`splits ${size} into ${count} parts of [${sizes.join(', ')}]`);
  return sizes.map((part, i) => (i !== rest ? part : size < 0 ? UNKNOWN : size - stated));
}

export const joining: InferTable = {
  ...each('Concat ParallelConcat', (op) =>
    op.node.op === 'Concat' ? concat(op, op.int(0), op.inputs.slice(1)) : concat(op, 0, op.inputs),
  ),
  ConcatV2: (op) => concat(op, op.int(op.inputs.length - 1), op.inputs.slice(0, -1)),
  ConcatOffset: (op) => op.inputs.slice(1).map(({ dtype, dims }) => ({ dtype, dims })),
  Pack: pack,
  Unpack: unpack,
  Split: split,
  SplitV: splitV,
};

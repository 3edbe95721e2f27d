/** Ops that keep the elements and change how they are counted: Reshape, Squeeze, ExpandDims, Transpose, and the shape itself. */
import { DTYPES } from '../../dtype.ts';
import { type Dims, formatDims, isKnown, product, UNKNOWN, unknownDims } from '../dims.ts';
import { dimOf, type Typed } from '../facts.ts';
import { each, type InferTable, type OpContext } from '../op-context.ts';

function reshape(op: OpContext): readonly Typed[] {
  const elements = op.elements(1);
  const dtype = op.dtype();
  if (elements === undefined) return [{ dtype, dims: null }];
  const wildcard = elements.indexOf(-1);
  if (elements.some((size, i) => typeof size === 'number' && size < 0 && i !== wildcard)) {
    throw op.fail(`has the target [${elements.map(String).join(', ')}]`);
  }
  const target = elements.map(dimOf);
  if (wildcard >= 0) target[wildcard] = remainder(op, op.dims(0), target.toSpliced(wildcard, 1));
  else fillSingle(op.dims(0), target);
  checkSize(op, target);
  return [{ dtype, dims: target }];
}

/** The size that makes `rest` hold all the elements of `dims`; unknown dimensions of the same name cancel each other. */
function remainder(op: OpContext, dims: Dims, rest: readonly number[]): number {
  if (dims === null) return UNKNOWN;
  const [left, over] = cancel(dims, rest);
  if (over.some((dim) => dim < 0)) return UNKNOWN;
  const divisor = product(over);
  if (divisor === 0) throw op.fail('has a target with both 0 and -1');
  const known = product(left.filter((dim) => dim >= 0));
  const unknown = left.filter((dim) => dim < 0);
  if (unknown.length > 0) return unknown.length === 1 && known === divisor ? (unknown[0] ?? UNKNOWN) : UNKNOWN;
  if (known % divisor !== 0) throw op.fail(`cannot bring ${formatDims(dims)} into multiples of ${divisor} elements`);
  return known / divisor;
}

/** Without the unknown dimensions that stand on both sides. */
function cancel(a: readonly number[], b: readonly number[]): readonly [readonly number[], readonly number[]] {
  const left = [...a];
  const over = b.filter((dim) => {
    const at = dim < UNKNOWN ? left.indexOf(dim) : -1;
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return [left, over];
}

/** A single dimension of the target that nothing else tells follows from the number of elements. */
function fillSingle(dims: Dims, target: number[]): void {
  const at = target.indexOf(UNKNOWN);
  if (dims === null || at < 0 || target.filter((dim) => dim < 0).length > 1 || product(target.toSpliced(at, 1)) === 0)
    return;
  const known = product(target.toSpliced(at, 1));
  const total = product(dims);
  if (total >= 0 && total % known === 0) target[at] = total / known;
  const unknown = dims.filter((dim) => dim < 0);
  if (unknown.length === 1 && product(dims.filter((dim) => dim >= 0)) === known) target[at] = unknown[0] ?? UNKNOWN;
}

function checkSize(op: OpContext, target: readonly number[]): void {
  const dims = op.dims(0);
  if (isKnown(dims) && isKnown(target) && product(dims) !== product(target)) {
    throw op.fail(`cannot bring ${formatDims(dims)} into ${formatDims(target)}`);
  }
}

/** Removes the dimensions of size 1 that `squeeze_dims` names, or all of them. */
function squeeze(op: OpContext): readonly Typed[] {
  const dims = op.dims(0);
  const dtype = op.dtype();
  const named = op.attrs.ints('squeeze_dims', op.attrs.ints('axis', []));
  if (dims === null) return [{ dtype, dims }];
  if (named.length === 0)
    return [{ dtype, dims: dims.some((dim) => dim < 0) ? null : dims.filter((dim) => dim !== 1) }];
  const axes = new Set(named.map((axis) => op.axis(axis, dims.length)));
  for (const axis of axes) {
    if ((dims[axis] ?? 1) >= 0 && dims[axis] !== 1)
      throw op.fail(`cannot squeeze dimension ${axis} of ${formatDims(dims)}`);
  }
  return [{ dtype, dims: dims.filter((_, i) => !axes.has(i)) }];
}

function expandDims(op: OpContext): readonly Typed[] {
  const [dims, axis] = [op.dims(0), op.int(1)];
  if (dims === null) return [{ dtype: op.dtype(), dims }];
  if (axis === undefined) return [{ dtype: op.dtype(), dims: unknownDims(dims.length + 1) }];
  return [{ dtype: op.dtype(), dims: dims.toSpliced(op.axis(axis, dims.length + 1), 0, 1) }];
}

/** The permutation of a Transpose, checked; undefined where a feed decides it. */
export function permutation(op: OpContext): readonly number[] | undefined {
  const perm = op.ints(1);
  if (perm === undefined) return undefined;
  const axes = perm.map((axis) => op.axis(axis, perm.length));
  if (new Set(axes).size !== axes.length) throw op.fail(`has [${perm.join(', ')}], which is no permutation`);
  return axes;
}

function transpose(op: OpContext): readonly Typed[] {
  const [dims, perm] = [op.dims(0), permutation(op)];
  const rank = dims?.length ?? perm?.length;
  if (rank === undefined) return [{ dtype: op.dtype(), dims: null }];
  if (perm !== undefined && perm.length !== rank)
    throw op.fail(`permutes ${perm.length} dimensions of ${formatDims(dims)}`);
  const out = dims === null || perm === undefined ? unknownDims(rank) : perm.map((axis) => dims[axis] ?? UNKNOWN);
  return [{ dtype: op.dtype(), dims: out }];
}

function shapeVector(op: OpContext, i: number): Typed {
  return { dtype: op.attrs.dtype('out_type', 'int32'), dims: [op.dims(i)?.length ?? UNKNOWN] };
}

/** Elements of another size are more or fewer along the last axis. */
function bitcast(op: OpContext): readonly Typed[] {
  const [from, to] = [op.dtype(), op.attrs.dtype('type')];
  return [{ dtype: to, dims: DTYPES[from].size === DTYPES[to].size ? op.dims(0) : null }];
}

export const reshaping: InferTable = {
  Reshape: reshape,
  Squeeze: squeeze,
  ExpandDims: expandDims,
  ...each('Transpose ConjugateTranspose', transpose),
  Shape: (op) => [shapeVector(op, 0)],
  ShapeN: (op) => op.inputs.map((_, i) => shapeVector(op, i)),
  Size: (op) => [{ dtype: op.attrs.dtype('out_type', 'int32'), dims: [] }],
  Rank: () => [{ dtype: 'int32', dims: [] }],
  Bitcast: bitcast,
};

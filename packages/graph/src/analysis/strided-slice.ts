/**
 * The indexing of StridedSlice, with its five masks, made dense: one entry per output or dropped dimension.
 * Source of the rules: `ValidateStridedSliceOp` in TensorFlow's `core/util/strided_slice_op.cc`.
 */
import { isNamed, UNKNOWN } from './dims.ts';
import { dimOf, type Element } from './facts.ts';
import type { OpContext } from './op-context.ts';

/** What happens to one input dimension (`axis`), or a new dimension of size 1. */
export type DenseSlice =
  | { readonly kind: 'new' }
  /** One index is taken and the dimension dropped; `start` is undefined where a feed decides it. */
  | { readonly kind: 'index'; readonly axis: number; readonly start: number | undefined }
  /** `count` elements from `start` in steps of `stride`; `count` as in dims.ts, `start` and `stride` undefined where not known. */
  | {
      readonly kind: 'range';
      readonly axis: number;
      readonly start: number | undefined;
      readonly stride: number | undefined;
      readonly count: number;
    };

interface Entry {
  readonly kind: 'range' | 'new' | 'index';
  readonly begin: Element;
  readonly end: Element;
  readonly stride: Element;
  readonly openBegin: boolean;
  readonly openEnd: boolean;
}

const WHOLE: Entry = { kind: 'range', begin: 0, end: 0, stride: 1, openBegin: true, openEnd: true };

/** Undefined where the rank of the input or the number of indices is not known. Throws INVALID_ARGUMENT. */
export function denseSlices(op: OpContext): readonly DenseSlice[] | undefined {
  const dims = op.dims(0);
  const entries = expand(op, dims?.length);
  if (dims === null || entries === undefined) return undefined;
  let axis = 0;
  return entries.map((entry) =>
    entry.kind === 'new' ? { kind: 'new' } : slice(op, entry, axis, dims[axis++] ?? UNKNOWN),
  );
}

/** One entry for each dimension: the ellipsis (there is always one, at the end if not stated) becomes whole ranges. */
function expand(op: OpContext, rank: number | undefined): readonly Entry[] | undefined {
  const [begin, end, strides] = [op.elements(1), op.elements(2), op.elements(3)];
  if (rank === undefined || begin === undefined || end === undefined || strides === undefined) return undefined;
  if (begin.length !== end.length || begin.length !== strides.length) {
    throw op.fail(`has ${begin.length} begins, ${end.length} ends and ${strides.length} strides`);
  }
  const entries = begin.map((first, i) => entryOf(op, i, first, end[i], strides[i]));
  const stated = entries.indexOf('ellipsis');
  if (stated !== entries.lastIndexOf('ellipsis')) throw op.fail('has more than one ellipsis');
  const at = stated < 0 ? entries.length : stated;
  const listed = entries.filter((entry) => entry !== 'ellipsis');
  const missing = rank - listed.filter(({ kind }) => kind !== 'new').length;
  if (missing < 0) throw op.fail(`indexes more dimensions than the ${rank} of its input`);
  return [...listed.slice(0, at), ...new Array<Entry>(missing).fill(WHOLE), ...listed.slice(at)];
}

function entryOf(op: OpContext, i: number, begin: Element, end: Element, stride: Element): Entry | 'ellipsis' {
  const has = (mask: string): boolean => ((op.attrs.int(mask, 0) >> i) & 1) === 1;
  if (has('ellipsis_mask')) return 'ellipsis';
  const kind = has('new_axis_mask') ? 'new' : has('shrink_axis_mask') ? 'index' : 'range';
  return { kind, begin, end, stride, openBegin: has('begin_mask'), openEnd: has('end_mask') };
}

function slice(op: OpContext, entry: Entry, axis: number, dim: number): DenseSlice {
  const stride = numberOf(entry.stride);
  if (stride === 0) throw op.fail(`has stride 0 in dimension ${axis}`);
  if (entry.kind === 'index') {
    if (stride !== undefined && stride < 0)
      throw op.fail(`has a negative stride where it takes one index of dimension ${axis}`);
    return { kind: 'index', axis, start: indexOf(op, numberOf(entry.begin), axis, dim) };
  }
  return dim < 0 || stride === undefined ? rangeOfUnknown(entry, axis, dim) : rangeOf(entry, axis, dim, stride);
}

function indexOf(op: OpContext, begin: number | undefined, axis: number, dim: number): number | undefined {
  if (begin === undefined) return undefined;
  if (dim < 0) return begin < 0 ? undefined : begin;
  const start = begin < 0 ? begin + dim : begin;
  if (start < 0 || start >= dim) throw op.fail(`takes index ${begin} of dimension ${axis}, which has size ${dim}`);
  return start;
}

function rangeOf(entry: Entry, axis: number, dim: number, stride: number): DenseSlice {
  const [low, high] = stride > 0 ? [0, dim] : [-1, dim - 1];
  const start = bound(entry.openBegin, entry.begin, stride > 0 ? low : high, low, high, dim);
  const stop = bound(entry.openEnd, entry.end, stride > 0 ? high : low, low, high, dim);
  if (start === undefined || stop === undefined) return { kind: 'range', axis, start, stride, count: UNKNOWN };
  return { kind: 'range', axis, start, stride, count: Math.max(0, Math.ceil((stop - start) / stride)) };
}

function bound(open: boolean, at: Element, whole: number, low: number, high: number, dim: number): number | undefined {
  if (open) return whole;
  const value = numberOf(at);
  return value === undefined ? undefined : Math.min(high, Math.max(low, value < 0 ? value + dim : value));
}

/** Of an unknown dimension only the whole keeps its size; `x[0:n]` with n the dimension itself is the whole too. */
function rangeOfUnknown(entry: Entry, axis: number, dim: number): DenseSlice {
  const stride = numberOf(entry.stride);
  const fromStart = entry.openBegin || entry.begin === 0;
  const toEnd = entry.openEnd || (isNamed(dim) && typeof entry.end === 'object' && dimOf(entry.end) === dim);
  const whole = stride === 1 && fromStart && toEnd;
  const start = stride !== undefined && stride > 0 && fromStart ? 0 : undefined;
  return { kind: 'range', axis, start, stride, count: whole ? dim : UNKNOWN };
}

function numberOf(element: Element): number | undefined {
  return typeof element === 'number' ? element : undefined;
}

/**
 * StridedSlice with its five masks, as Slice, Squeeze and Unsqueeze. Bounds that a feed decides are put together at run time.
 * Source of the rules: `ValidateStridedSliceOp` in TensorFlow's `core/util/strided_slice_op.cc`.
 */

import type { Value } from '../../onnx-graph.ts';
import type { Lowering } from '../lowering.ts';
import { Calculator, sizeOfAxis } from './calculate.ts';
import { asInt64, ints, squeeze, unsqueeze } from './common.ts';

/** Stands for "to the end" in ONNX's Slice. */
const END = 2 ** 62;

/** A number known now, or a vector of one element known at run time. */
type Bound = number | Value;

interface Cut {
  readonly axis: number;
  readonly start: Bound;
  readonly end: Bound;
  readonly stride: number;
  /** Takes one index, whose dimension goes. */
  readonly index: boolean;
}

interface Plan {
  readonly cuts: readonly Cut[];
  /** Axes of the result that are new. */
  readonly fresh: readonly number[];
}

export function stridedSlice(l: Lowering): Value {
  const { cuts, fresh } = planOf(l);
  const dropped = cuts.filter((cut) => cut.index).map((cut) => cut.axis);
  const [only] = cuts;
  const single = cuts.length === 1 && only?.index === true && typeof only.start === 'number';
  const part = single && only !== undefined ? taken(l, only) : squeeze(l, cutOut(l, cuts), dropped);
  return unsqueeze(l, part, fresh);
}

/** One index of one axis is a Gather. */
function taken(l: Lowering, { axis, start }: Cut): Value {
  const index = l.fresh('index', { dtype: 'int64', shape: [], data: BigInt64Array.of(BigInt(start as number)) });
  return l.emit('Gather', [l.input(0), index], { axis });
}

function cutOut(l: Lowering, cuts: readonly Cut[]): Value {
  if (cuts.length === 0) return l.input(0);
  const starts = vector(
    l,
    cuts.map((cut) => cut.start),
  );
  const ends = vector(
    l,
    cuts.map((cut) => cut.end),
  );
  const axes = ints(
    l,
    cuts.map((cut) => cut.axis),
  );
  const steps = cuts.every((cut) => cut.stride === 1)
    ? []
    : [
        ints(
          l,
          cuts.map((cut) => cut.stride),
        ),
      ];
  return l.emit('Slice', [l.input(0), starts, ends, axes, ...steps]);
}

function vector(l: Lowering, bounds: readonly Bound[]): Value {
  if (bounds.every((bound) => typeof bound === 'number')) return ints(l, bounds as readonly number[]);
  const parts = bounds.map((bound) => (typeof bound === 'number' ? ints(l, [bound]) : bound));
  return parts.length === 1
    ? (parts[0] as Value)
    : l.emit('Concat', parts, { axis: 0 }, { dtype: 'int64', shape: [parts.length] });
}

function planOf(l: Lowering): Plan {
  const count = l.shape(1)?.[0] ?? -1;
  if (count < 0) throw l.refuse('the number of indices is unknown');
  const has = (mask: string, i: number): boolean => ((l.attrs.int(mask, 0) >> i) & 1) === 1;
  const indices = Array.from({ length: count }, (_, i) => i);
  const ellipsis = indices.find((i) => has('ellipsis_mask', i));
  const consumed = indices.filter((i) => i !== ellipsis && !has('new_axis_mask', i)).length;
  const skipped = ellipsis === undefined ? 0 : l.rank(0) - consumed;
  const cuts: Cut[] = [];
  const fresh: number[] = [];
  let axis = 0;
  let out = 0;
  for (const i of indices) {
    if (i === ellipsis) {
      axis += skipped;
      out += skipped;
    } else if (has('new_axis_mask', i)) fresh.push(out++);
    else {
      const index = has('shrink_axis_mask', i);
      const cut = cutAt(l, i, axis++, { index, openBegin: has('begin_mask', i), openEnd: has('end_mask', i) });
      if (cut !== undefined) cuts.push(cut);
      if (!index) out++;
    }
  }
  return { cuts, fresh };
}

interface Flags {
  readonly index: boolean;
  readonly openBegin: boolean;
  readonly openEnd: boolean;
}

/** Undefined for a whole dimension. */
function cutAt(l: Lowering, i: number, axis: number, { index, openBegin, openEnd }: Flags): Cut | undefined {
  const stride = l.partial(3)?.[i];
  if (stride === undefined) throw l.refuse('a stride is not constant');
  const begin = element(l, 1, i);
  if (index) return { axis, start: begin, end: afterIndex(l, begin), stride: 1, index };
  const start = openBegin ? (stride > 0 ? 0 : END) : begin;
  const stated = openEnd ? (stride > 0 ? END : -END) : element(l, 2, i);
  const end = stride > 0 || openBegin ? stated : unlessBefore(l, axis, begin, stated);
  return start === 0 && end === END && stride === 1 ? undefined : { axis, start, end, stride, index };
}

/**
 * The end of a walk backwards. TensorFlow takes nothing where the begin lies before the first element, the engine takes that element:
 * then the end is the last one.
 */
function unlessBefore(l: Lowering, axis: number, begin: Bound, end: Bound): Bound {
  const dim = l.shape(0)?.[axis] ?? -1;
  if (typeof begin === 'number' && begin >= 0) return end;
  if (typeof begin === 'number' && dim >= 0) return begin < -dim ? END : end;
  const whole = new Calculator(l, 'int64');
  const before = whole.is('Less', whole.do('Add', vector(l, [begin]), sizeOfAxis(l, l.input(0), axis, dim)), 0);
  return whole.pick(before, END, vector(l, [end]));
}

function element(l: Lowering, input: number, i: number): Bound {
  const known = l.partial(input)?.[i];
  if (known !== undefined) return known;
  return l.emit('Slice', [asInt64(l, input), ints(l, [i]), ints(l, [i + 1])], {}, { dtype: 'int64', shape: [1] });
}

/** One more than the index; after the last, which is -1 too, comes the end. */
function afterIndex(l: Lowering, index: Bound): Bound {
  if (typeof index === 'number') return index === -1 ? END : index + 1;
  const next = l.emit('Add', [index, ints(l, [1])], {}, { dtype: 'int64', shape: [1] });
  const last = l.emit('Equal', [index, ints(l, [-1])], {}, { dtype: 'bool', shape: [1] });
  return l.emit('Where', [last, ints(l, [END]), next], {}, { dtype: 'int64', shape: [1] });
}

/** Matrix products. */

import type { Value } from '../../onnx-graph.ts';
import { transposed } from '../constant.ts';
import { each, type Lower, type Lowering } from '../lowering.ts';
import { cast, ints, range, run, transpose, weights } from './common.ts';

/** An operand with its last two dimensions swapped: at compile time for weights. */
function swapped(l: Lowering, i: number, swap: boolean): Value {
  if (!swap) return l.input(i);
  const rank = l.rank(i);
  const perm = [...range(rank - 2), rank - 1, rank - 2];
  return weights(
    l,
    i,
    (constant) => transposed(constant, perm),
    (value) => transpose(l, value, perm),
  );
}

function product(a: string, b: string): Lower {
  return (l) => {
    const operand = (i: number, swap: string): Value => widened(l, i, swapped(l, i, l.attrs.bool(swap, false)));
    const [x, y] = [operand(0, a), operand(1, b)];
    const inner = l.shape(0)?.at(l.attrs.bool(a, false) ? -2 : -1);
    return inner === 0 ? emptySum(l, x, y) : run(l, 'MatMul', [x, y], l.outType().dtype);
  };
}

/** Products of quantised layers are wider than what they multiply: int8 by int8 is int32. */
function widened(l: Lowering, i: number, value: Value): Value {
  return cast(l, value, l.dtype(i), l.outType().dtype);
}

/** Without anything to sum up the engine does not broadcast: one 0 more does no harm. */
function emptySum(l: Lowering, x: Value, y: Value): Value {
  const longer = (value: Value, i: number, back: number): Value => {
    const rank = l.rank(i);
    const pads = range(2 * rank).map((at) => (at === 2 * rank - back ? 1 : 0));
    return run(l, 'Pad', [value], l.outType().dtype, { extra: [ints(l, pads)], shape: null });
  };
  return run(l, 'MatMul', [longer(x, 0, 1), longer(y, 1, 2)], l.outType().dtype);
}

function einsum(l: Lowering): Value {
  const equation = l.attrs.string('equation');
  return run(l, 'Einsum', l.inputs(), l.dtype(), { attrs: { equation } });
}

export const MATRIX = {
  ...each('MatMul SparseMatMul', product('transpose_a', 'transpose_b')),
  ...each('BatchMatMul BatchMatMulV2 BatchMatMulV3', product('adj_x', 'adj_y')),
  Einsum: einsum,
} satisfies Record<string, Lower>;

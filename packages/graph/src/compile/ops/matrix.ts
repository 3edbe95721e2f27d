/** Matrix products. */

import type { Value } from '../../onnx-graph.ts';
import { transposed } from '../constant.ts';
import { each, type Lower, type Lowering } from '../lowering.ts';
import { range, run, transpose, weights } from './common.ts';

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
  return (l) =>
    run(l, 'MatMul', [swapped(l, 0, l.attrs.bool(a, false)), swapped(l, 1, l.attrs.bool(b, false))], l.dtype());
}

function einsum(l: Lowering): Value {
  const equation = l.attrs.string('equation');
  return run(l, 'Einsum', l.inputs(), l.dtype(), { attrs: { equation } });
}

export const MATRIX = {
  MatMul: product('transpose_a', 'transpose_b'),
  ...each('BatchMatMul BatchMatMulV2 BatchMatMulV3', product('adj_x', 'adj_y')),
  Einsum: einsum,
} satisfies Record<string, Lower>;

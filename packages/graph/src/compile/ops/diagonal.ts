/** Ops on the diagonals of matrices in the last two dimensions. */
import type { Value } from '../../onnx-graph.ts';
import type { Lower, Lowering } from '../lowering.ts';
import { and, Calculator, indices, or, sizeOfAxis } from './calculate.ts';
import { asInt64, choose, reshape, scalar } from './common.ts';

/** Matrices up to this many elements get a mask that is made at compile time. */
const MOST_CONSTANT = 1 << 16;

/** Inputs: matrices, how many diagonals to keep below and above the main one; a negative number keeps all. The others become 0. */
function bandPart(l: Lowering): Value {
  const band = constantBand(l) ?? bandAtRunTime(l);
  return choose(l, band, l.input(0), scalar(l, l.dtype(), 0), l.dtype());
}

function constantBand(l: Lowering): Value | undefined {
  const [rows = -1, columns = -1] = l.shape(0)?.slice(-2) ?? [];
  const [lower] = l.numbers(1) ?? [];
  const [upper] = l.numbers(2) ?? [];
  if (rows < 0 || columns < 0 || rows * columns > MOST_CONSTANT) return undefined;
  if (lower === undefined || upper === undefined) return undefined;
  const inside = (row: number, column: number): boolean =>
    (lower < 0 || row - column <= lower) && (upper < 0 || column - row <= upper);
  const data = Uint8Array.from({ length: rows * columns }, (_, i) =>
    inside(Math.floor(i / columns), i % columns) ? 1 : 0,
  );
  return l.fresh('band', { dtype: 'bool', shape: [rows, columns], data });
}

function bandAtRunTime(l: Lowering): Value {
  const rank = l.rank(0);
  const [rows, columns] = [2, 1].map((back) => sizeOfAxis(l, l.input(0), rank - back, l.shape(0)?.at(-back)));
  const below = new Calculator(l, 'int64');
  const distance = below.do('Sub', indices(l, rows as Value, 1), indices(l, columns as Value));
  const within = (signed: Value, i: number): Value => {
    const most = reshape(l, asInt64(l, i), [], 'int64');
    return or(l, below.is('Less', most, 0), below.is('LessOrEqual', signed, most));
  };
  return and(l, within(distance, 1), within(below.do('Neg', distance), 2));
}

export const DIAGONAL = {
  MatrixBandPart: bandPart,
} satisfies Record<string, Lower>;

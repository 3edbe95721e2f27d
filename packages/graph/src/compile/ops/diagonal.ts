/** Ops on the diagonals of matrices in the last two dimensions. */
import type { DType } from '../../dtype.ts';
import type { Value } from '../../onnx-graph.ts';
import { kernelDtype } from '../kernels.ts';
import { each, type Lower, type Lowering } from '../lowering.ts';
import { and, Calculator, indices, or, reshapeTo, sizeOfAxis, vector } from './calculate.ts';
import { asInt64, cast, choose, range, reshape, scalar, unsqueeze } from './common.ts';

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

/** Which diagonal, from the main one: 1 is the one above it. Several at once are refused. */
function offsetOf(l: Lowering, input: number): number {
  if (l.arity <= input) return 0;
  const offsets = l.needNumbers(input, 'the number of the diagonal');
  const [first = 0, last = first] = offsets;
  if (first !== last) throw l.refuse(`diagonals ${first} to ${last} at once`);
  return first;
}

/** Rows and columns of a matrix as int64 scalars, and where its diagonal begins. */
interface Frame {
  readonly rows: Value;
  readonly columns: Value;
  readonly offset: number;
}

/** True on the diagonal: [rows, columns]. */
function onDiagonal(l: Lowering, { rows, columns, offset }: Frame): Value {
  const whole = new Calculator(l, 'int64');
  return whole.is('Equal', whole.do('Add', indices(l, rows, 1), offset), indices(l, columns));
}

/** A diagonal [..., n] as a column for each row: [..., rows, 1], moved down where it begins below the first row. */
function asColumn(l: Lowering, diagonal: Value, rank: number, length: Value, frame: Frame, dtype: DType): Value {
  const before = Math.max(0, -frame.offset);
  const whole = new Calculator(l, 'int64');
  const after = whole.do('Max', whole.do('Sub', whole.do('Sub', frame.rows, length), before), 0);
  const zeros = new Array<number>(rank - 1).fill(0);
  const kernel = kernelDtype('Pad', dtype, l.opset);
  if (kernel === undefined) throw l.refuse(`the engine cannot pad ${dtype}`);
  const pads = vector(l, [...zeros, before, ...zeros, after]);
  const padded = l.emit('Pad', [cast(l, diagonal, dtype, kernel), pads], {}, { dtype: kernel, shape: null });
  return unsqueeze(l, cast(l, padded, kernel, dtype), [rank]);
}

/** Inputs: diagonals [..., n], and in later versions which diagonal, rows, columns (-1: as few as hold it) and what is elsewhere. */
function matrixDiag(l: Lowering): Value {
  const rank = l.rank(0);
  const dtype = l.dtype();
  const offset = offsetOf(l, 1);
  const length = sizeOfAxis(l, l.input(0), rank - 1, l.shape(0)?.[rank - 1]);
  const whole = new Calculator(l, 'int64');
  const [rows = -1, columns = -1] = [2, 3].map((i) => (l.arity > i ? (l.needNumbers(i, 'a size')[0] ?? -1) : -1));
  // Where neither is told the matrix is square; else the other one is as small as it can be.
  const square = rows < 0 && columns < 0;
  const size = (told: number, extra: number): Value =>
    told >= 0 ? scalar(l, 'int64', told) : whole.do('Add', length, square ? Math.abs(offset) : Math.max(0, extra));
  const frame = { rows: size(rows, -offset), columns: size(columns, offset), offset };
  const elsewhere = l.arity > 4 ? l.input(4) : scalar(l, dtype, 0);
  return choose(l, onDiagonal(l, frame), asColumn(l, l.input(0), rank, length, frame, dtype), elsewhere, dtype);
}

function frameOf(l: Lowering, offset: number): Frame {
  const rank = l.rank(0);
  const [rows = '', columns = ''] = [2, 1].map((back) => sizeOfAxis(l, l.input(0), rank - back, l.shape(0)?.at(-back)));
  return { rows, columns, offset };
}

/** How long the diagonal of a frame is. */
function lengthOf(l: Lowering, { rows, columns, offset }: Frame): Value {
  const whole = new Calculator(l, 'int64');
  return whole.do('Min', whole.do('Sub', rows, Math.max(0, -offset)), whole.do('Sub', columns, Math.max(0, offset)));
}

/** Inputs: matrices, and in later versions which diagonal and what fills up several ones: of a single one there is nothing to fill. */
function matrixDiagPart(l: Lowering): Value {
  const rank = l.rank(0);
  const dtype = l.dtype();
  const frame = frameOf(l, offsetOf(l, 1));
  const whole = new Calculator(l, 'int64');
  const first = whole.do('Add', whole.do('Mul', frame.columns, Math.max(0, -frame.offset)), Math.max(0, frame.offset));
  const steps = whole.do('Mul', indices(l, lengthOf(l, frame)), whole.do('Add', frame.columns, 1));
  const places = whole.do('Add', steps, first);
  const front = range(rank - 2).map((axis) => {
    const known = l.shape(0)?.[axis] ?? -1;
    return known >= 0 ? known : sizeOfAxis(l, l.input(0), axis);
  });
  const flat = reshapeTo(l, l.input(0), [...front, whole.do('Mul', frame.rows, frame.columns)], dtype);
  return l.emit('Gather', [flat, places], { axis: rank - 2 }, { dtype, shape: l.outType().shape });
}

/** Inputs: matrices, diagonals for them, and in later versions which one. */
function matrixSetDiag(l: Lowering): Value {
  const rank = l.rank(0);
  const dtype = l.dtype();
  const frame = frameOf(l, offsetOf(l, 2));
  const column = asColumn(l, l.input(1), rank - 1, lengthOf(l, frame), frame, dtype);
  return choose(l, onDiagonal(l, frame), column, l.input(0), dtype);
}

export const DIAGONAL = {
  MatrixBandPart: bandPart,
  ...each('MatrixDiag MatrixDiagV2 MatrixDiagV3', matrixDiag),
  ...each('MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3', matrixDiagPart),
  ...each('MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3', matrixSetDiag),
} satisfies Record<string, Lower>;

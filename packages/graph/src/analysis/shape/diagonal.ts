/** Diagonals of matrices in the last two dimensions, put there and taken out. Several at once have an unknown shape. */
import { UNKNOWN, unknownDims } from '../dims.ts';
import type { Typed } from '../facts.ts';
import { each, type InferTable, type OpContext } from '../op-context.ts';

/** The number of the one diagonal that input `i` names; undefined where it is not known or there are several. */
function offsetOf(op: OpContext, i: number): number | undefined {
  if (op.inputs.length <= i) return 0;
  const offsets = op.ints(i);
  return offsets?.every((offset) => offset === offsets[0]) ? offsets[0] : undefined;
}

/** Diagonals [..., n] in matrices as small as hold them, or of the sizes that inputs 2 and 3 tell. */
function matrixDiag(op: OpContext): readonly Typed[] {
  const dims = op.dims(0);
  if (dims?.length === 0) throw op.fail('needs a tensor of rank 1 or more');
  const offset = offsetOf(op, 1);
  if (dims === null || offset === undefined) return [{ dtype: op.dtype(), dims: null }];
  const length = dims.at(-1) ?? UNKNOWN;
  const least = (extra: number): number => (extra === 0 ? length : length < 0 ? UNKNOWN : length + extra);
  const [rows, columns] = [2, 3].map((input) => (op.inputs.length > input ? op.int(input) : -1));
  if (rows === undefined || columns === undefined) return [{ dtype: op.dtype(), dims: unknownDims(dims.length + 1) }];
  // Where neither is told the matrix is square; else the other one is as small as it can be.
  const square = rows < 0 && columns < 0;
  const size = (told: number, extra: number): number => {
    const needed = least(square ? Math.abs(offset) : Math.max(0, extra));
    if (told >= 0 && told < needed) throw op.fail(`needs matrices of ${needed} where ${told} are asked for`);
    return told >= 0 ? told : needed;
  };
  return [{ dtype: op.dtype(), dims: [...dims.slice(0, -1), size(rows, -offset), size(columns, offset)] }];
}

function matrixDiagPart(op: OpContext): readonly Typed[] {
  const dims = op.dims(0);
  if (dims !== null && dims.length < 2) throw op.fail('needs a tensor of rank 2 or more');
  const offset = offsetOf(op, 1);
  return [{ dtype: op.dtype(), dims: dims === null || offset === undefined ? null : partOf(op, dims, offset) }];
}

/** Dimensions of one diagonal of matrices. */
function partOf(op: OpContext, dims: readonly number[], offset: number): readonly number[] {
  const [rows = UNKNOWN, columns = UNKNOWN] = dims.slice(-2);
  const known = rows >= 0 && columns >= 0;
  const length = Math.min(rows - Math.max(0, -offset), columns - Math.max(0, offset));
  if (known && length < 0) throw op.fail(`wants diagonal ${offset} of ${rows} x ${columns}`);
  return [...dims.slice(0, -2), known ? length : UNKNOWN];
}

/** The matrices of input 0 with other diagonals, those of input 1. */
function matrixSetDiag(op: OpContext): readonly Typed[] {
  const [dims, diagonals] = [op.dims(0), op.dims(1)];
  const offset = offsetOf(op, 2);
  if (dims !== null && dims.length < 2) throw op.fail('needs a tensor of rank 2 or more');
  if (dims === null || diagonals === null || offset === undefined) return [{ dtype: op.dtype(), dims }];
  op.sameShape(diagonals, partOf(op, dims, offset));
  return [{ dtype: op.dtype(), dims }];
}

/** Twice the dimensions, or half of them. */
function diag(op: OpContext): readonly Typed[] {
  const dims = op.dims(0);
  return [{ dtype: op.dtype(), dims: dims && [...dims, ...dims] }];
}

function diagPart(op: OpContext): readonly Typed[] {
  const dims = op.dims(0);
  if (dims === null) return [{ dtype: op.dtype(), dims }];
  if (dims.length % 2 !== 0) throw op.fail('needs a tensor of an even rank');
  const half = dims.length / 2;
  return [{ dtype: op.dtype(), dims: op.sameShape(dims.slice(0, half), dims.slice(half)) }];
}

export const diagonal: InferTable = {
  Diag: diag,
  DiagPart: diagPart,
  ...each('MatrixDiag MatrixDiagV2 MatrixDiagV3', matrixDiag),
  ...each('MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3', matrixDiagPart),
  ...each('MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3', matrixSetDiag),
};

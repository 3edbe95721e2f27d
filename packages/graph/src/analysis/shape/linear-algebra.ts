/** Square matrices in the last two dimensions. */
import { type Dims, formatDims, UNKNOWN } from '../dims.ts';
import type { Typed } from '../facts.ts';
import { each, type InferTable, type OpContext } from '../op-context.ts';

/** The dimensions of input 0, of which the last two are equal. */
function square(op: OpContext): Dims {
  const dims = op.dims(0);
  if (dims === null) return null;
  if (dims.length < 2) throw op.fail(`needs matrices, not ${formatDims(dims)}`);
  const size = op.same(dims.at(-2), dims.at(-1), 'rows and columns');
  return dims.with(-2, size).with(-1, size);
}

const same = (op: OpContext): readonly Typed[] => [{ dtype: op.dtype(), dims: square(op) }];

/** Inputs: matrices, right sides. */
function solved(op: OpContext): readonly Typed[] {
  const [matrices, right] = [square(op), op.dims(1)];
  if (matrices === null || right === null || matrices.length !== right.length)
    return [{ dtype: op.dtype(), dims: null }];
  const rows = op.same(matrices.at(-1), right.at(-2), 'rows');
  return [{ dtype: op.dtype(), dims: [...matrices.slice(0, -2), rows, right.at(-1) ?? UNKNOWN] }];
}

function determinants(op: OpContext, outputs: number): readonly Typed[] {
  const dims = square(op)?.slice(0, -2) ?? null;
  return Array.from({ length: outputs }, () => ({ dtype: op.dtype(), dims }));
}

export const linearAlgebra: InferTable = {
  ...each('MatrixInverse Cholesky', same),
  ...each('MatrixSolve MatrixTriangularSolve', solved),
  MatrixDeterminant: (op) => determinants(op, 1),
  LogMatrixDeterminant: (op) => determinants(op, 2),
};

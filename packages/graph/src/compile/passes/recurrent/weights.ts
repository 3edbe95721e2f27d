/** Weights of a cell in the layout of ONNX: gates one behind the other, each turned, both biases in a row. */
import type { Value } from '../../../onnx-graph.ts';
import type { Tensor } from '../../../tensor.ts';
import { float32 } from '../../constant.ts';
import type { Affine } from './affine.ts';
import type { Cell, Gate } from './cells.ts';

export interface CellWeights {
  readonly hidden: number;
  /** [1, gates * hidden, width] */
  readonly input: Tensor;
  /** [1, gates * hidden, hidden] */
  readonly recurrent: Tensor;
  /** [1, 2 * gates * hidden] */
  readonly bias: Tensor;
}

/** Far from where a sum of products is infinite. */
const MOST = 1e15;

/** Undefined where sizes do not fit together, or where weights are no ordinary numbers. */
export function weightsOf({ gates }: Cell, row: Value): CellWeights | undefined {
  const hidden = gates[0]?.input.width ?? 0;
  const width = gates.flatMap(({ input }) => heights(input, row))[0] ?? 0;
  const fits = gates.every(({ input, recurrent, state }) => {
    const even = [...heights(recurrent, state), ...heights(input, state)].every((rows) => rows === hidden);
    return (
      even &&
      input.width === hidden &&
      recurrent.width === hidden &&
      heights(input, row).every((rows) => rows === width)
    );
  });
  if (!fits || hidden === 0 || width === 0) return undefined;
  const stacked = (rows: number, of: (gate: Gate) => Float32Array): Tensor =>
    float32(joined(gates.map(of)), [1, gates.length * hidden, rows]);
  const input = stacked(width, (gate) => turned(gate.input, row, width));
  const recurrent = stacked(hidden, (gate) => turned(gate.recurrent, gate.state, hidden));
  const second = gates.map((gate) => (gate.recurrent === gate.input ? new Float32Array(hidden) : gate.recurrent.bias));
  const bias = joined([...gates.map((gate) => gate.input.bias), ...second]);
  const isOrdinary = [input.data, recurrent.data, bias].every((data) => {
    return (data as Float32Array).every((value) => Math.abs(value) < MOST);
  });
  if (!isOrdinary) return undefined;
  return { hidden, input, recurrent, bias: float32(bias, [1, bias.length]) };
}

function heights({ terms }: Affine, source: Value): readonly number[] {
  return terms.filter((term) => term.source === source).map(({ rows }) => rows);
}

/** The weights of one source, a row for each column; zeros where it has none. */
function turned({ terms, width }: Affine, source: Value, rows: number): Float32Array {
  const result = new Float32Array(rows * width);
  for (const { matrix, firstRow, firstColumn } of terms.filter((term) => term.source === source)) {
    const data = matrix.data as Float32Array;
    const [, stride = 0] = matrix.shape;
    for (let row = 0; row < rows; row++) {
      const from = (firstRow + row) * stride + firstColumn;
      for (let column = 0; column < width; column++) {
        const at = column * rows + row;
        result[at] = (result[at] ?? 0) + (data[from + column] ?? 0);
      }
    }
  }
  return result;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const result = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

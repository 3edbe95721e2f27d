/** Recurrent cells that are one op: all outputs of a step are of the state's shape, those of a layer have the steps in front. */
import { UNKNOWN } from '../dims.ts';
import type { Typed } from '../facts.ts';
import { each, type InferTable, type OpContext } from '../op-context.ts';

/** Input `x` is followed by the states, the second of which (or the first of a GRU) is the output before. */
function step(op: OpContext, x: number, h: number): readonly number[] {
  const [batch = UNKNOWN] = op.ranked(x, 2);
  const [rows, size = UNKNOWN] = op.ranked(h, 2);
  return [op.same(batch, rows, 'rows'), size];
}

function outputs(op: OpContext, count: number, dims: readonly number[], x: number): readonly Typed[] {
  return new Array<Typed>(count).fill({ dtype: op.dtype('T', x), dims });
}

function layer(op: OpContext): readonly Typed[] {
  const [steps = UNKNOWN, batch] = op.ranked(1, 3);
  const [rows, size = UNKNOWN] = op.ranked(3, 2);
  return outputs(op, 7, [steps, op.same(batch, rows, 'rows'), size], 1);
}

export const recurrent: InferTable = {
  LSTMBlockCell: (op) => outputs(op, 7, step(op, 0, 2), 0),
  ...each('BlockLSTM BlockLSTMV2', layer),
  GRUBlockCell: (op) => outputs(op, 4, step(op, 0, 1), 0),
};

/** What calibration runs: a session on zeros, as many rows as it likes. */
import { type TensorSpec, zeros } from '@floe/graph/base';
import type { Calibration } from '../cost/calibrate.ts';
import { type Feeds, rowsOf } from '../queue/work.ts';
import type { OpenSession } from './sessions.ts';

/** Undefined for what is not run in batches, or takes rows of more than one shape. */
export function calibrationOf(
  { session, cost, rowIndependent }: OpenSession,
  limitSeconds: number,
): Calibration | undefined {
  if (!rowIndependent || !session.inputs.every(hasOneRowShape)) return undefined;
  const fetches = session.outputs.map(({ name }) => name);
  const one = rowsOf(session.inputs, zeroRows(session.inputs, 1), true);
  return {
    model: cost,
    shape: cost.shape(one.shape, one.elements),
    run: (rows) => session.run(zeroRows(session.inputs, rows), fetches),
    limitSeconds,
  };
}

function hasOneRowShape({ dtype, shape }: TensorSpec): boolean {
  return dtype !== 'string' && shape !== null && shape[0] === -1 && !shape.slice(1).includes(-1);
}

function zeroRows(inputs: readonly TensorSpec[], rows: number): Feeds {
  return new Map(inputs.map(({ name, dtype, shape }) => [name, zeros(dtype, [rows, ...(shape ?? []).slice(1)])]));
}

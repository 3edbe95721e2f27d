/** The signature that all evaluators share. */
import type { Tensor } from '../../tensor.ts';
import type { Typed } from '../facts.ts';
import type { OpContext } from '../op-context.ts';

/** Values of the outputs from the values of the inputs; undefined where the op is to be left alone after all. */
export type Evaluate = (
  op: OpContext,
  inputs: readonly Tensor[],
  types: readonly Known[],
) => readonly Tensor[] | undefined;

/** The inferred type of an output, which an evaluator finds complete. */
export interface Known extends Typed {
  readonly dims: readonly number[];
}

/** Exact evaluation of ops on constants. */
import { constValue } from '../../constants.ts';
import type { Tensor } from '../../tensor.ts';
import { Lazy, type Typed } from '../facts.ts';
import type { OpContext } from '../op-context.ts';

export class Evaluator {
  /** Values of the outputs of a node whose inputs are all constant; undefined where it is not to be folded. */
  evaluate(op: OpContext, _types: readonly Typed[]): readonly Lazy<Tensor>[] | undefined {
    if (op.node.op === 'Const') return [new Lazy(() => constValue(op.node))];
    return undefined;
  }
}

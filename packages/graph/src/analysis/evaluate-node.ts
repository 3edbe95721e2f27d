/** One node on values that are all there, as a run would see it. */
import type { Node } from '../graph.ts';
import type { Tensor } from '../tensor.ts';
import { Evaluator, foldableOps } from './evaluate/index.ts';
import { Facts, Lazy } from './facts.ts';
import { OpContext } from './op-context.ts';
import { checkRules } from './op-rules.ts';
import { inferTypes } from './shape/index.ts';

/** Ops that can be evaluated so. */
export const evaluableOps: ReadonlySet<string> = new Set(foldableOps);

/** Throws INVALID_ARGUMENT naming node and op where the inputs do not go together, or the op cannot compute them. */
export function evaluateNode(node: Node, inputs: readonly Tensor[]): readonly Tensor[] {
  const facts = inputs.map((tensor) => new Facts({ dtype: tensor.dtype, dims: tensor.shape }, new Lazy(() => tensor)));
  const op = new OpContext(node, facts);
  checkRules(op);
  const values = new Evaluator(Number.POSITIVE_INFINITY).evaluate(op, inferTypes(op));
  if (values === undefined) throw op.fail('cannot be computed on these inputs');
  return values.map((value) => value.get());
}

/** Shape and dtype inference by op name; one file per op family. An op that no file knows has outputs of unknown shape. */
import type { Typed } from '../facts.ts';
import type { InferTable, OpContext } from '../op-context.ts';
import { elementwise } from './elementwise.ts';
import { source, undeclaredTypes } from './source.ts';

export { undeclaredType } from './source.ts';

const RULES = new Map(Object.entries<InferTable[string]>({ ...source, ...elementwise }));

/** Ops whose outputs inference can tell. */
export const inferableOps: readonly string[] = [...RULES.keys()];

/** Types of the outputs of a node. Throws INVALID_ARGUMENT where its inputs contradict each other. */
export function inferTypes(op: OpContext): readonly Typed[] {
  const infer = RULES.get(op.node.op);
  return infer === undefined ? undeclaredTypes(op) : infer(op);
}

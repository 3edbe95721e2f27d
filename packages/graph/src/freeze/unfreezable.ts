/** Ops that only make sense with a state that outlives a run: a frozen graph has none. */
import type { Node } from '../graph.ts';

const MUTATES =
  /^(Assign|Resource(Scatter|Strided|Apply|Sparse)|Scatter(Nd)?(Add|Sub|Mul|Div|Min|Max|Update)$|Apply|SparseApply|CountUpTo)/;
const OUTSIDE =
  /^(PyFunc|PyFuncStateless|EagerPyFunc|Save|SaveV2|SaveSlices|Restore|RestoreV2|RestoreSlice|TemporaryVariable)$/;
const PIPELINE =
  /^(Iterator|OneShotIterator|IteratorGetNext|Queue|FIFOQueue|RandomShuffleQueue|PaddingFIFOQueue|Reader)/;

export function isUnfreezable(node: Node): boolean {
  return MUTATES.test(node.op) || OUTSIDE.test(node.op) || PIPELINE.test(node.op);
}

/**
 * TensorFlow 1's control flow and tensor arrays as TensorFlow 2's: frames of Enter and Exit become While, diamonds of Switch and Merge
 * become If, tensor arrays become tensor lists. A frozen graph has no side effects, so each result is followed back to what it needs,
 * and what a loop or a branch needs is its function. The result is for the compiler: flows that stood for arrays are typed as before.
 */
import { FloeError, invalid } from '../errors.ts';
import type { Graph } from '../graph.ts';
import { raiseConditionals } from './conditionals.ts';
import { raiseLoops } from './loops.ts';
import { raiseTensorArrays } from './tensor-arrays.ts';

const RAISED =
  /^((Ref)?(Switch|Merge|Enter|Exit|NextIteration)|LoopCond|ControlTrigger|TensorArray\w*|Stack(V2|Push(V2)?|Pop(V2)?|Close(V2)?)?)$/;

/**
 * `keep` names the tensors (`node:index`) that stay under their names. Throws INVALID_ARGUMENT naming node and op where frames and branches are
 * malformed, UNIMPLEMENTED for the stacks and gradients of training.
 */
export function raiseControlFlow(graph: Graph, keep: ReadonlySet<string>): Graph {
  if (!graph.nodes.some(({ op }) => RAISED.test(op))) return graph;
  const lists = raiseTensorArrays(graph);
  return checked(raiseConditionals(raiseLoops(lists), keep), keep);
}

/** A Switch that is left has no Merge: its value is there in one branch only. */
function checked(graph: Graph, keep: ReadonlySet<string>): Graph {
  const inside = [...graph.functions.values()].flatMap(({ node_def }) => node_def);
  const left = [...graph.nodes, ...inside].filter(({ op }) => RAISED.test(op));
  const [first] = left;
  if (first === undefined) return graph;
  const details = left.slice(0, 100).map(({ name, op }) => ({ node: name, op }));
  if (/^(TensorArray|Stack)/.test(first.op))
    throw new FloeError(
      'UNIMPLEMENTED',
      `node ${first.name} (${first.op}) serves training; it cannot be compiled`,
      details,
    );
  const tensors = [...keep].join(', ');
  throw invalid(`node ${first.name} (${first.op}) is part of no loop or branch that ends before ${tensors}`, details);
}

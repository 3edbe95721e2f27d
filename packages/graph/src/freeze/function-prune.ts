/** Drops from a function what nothing returns: assertions, assignments and the control edges that ordered them. */

import { dataInputs } from '../inline/walk.ts';
import type { FunctionDef } from '../proto/tensorflow.ts';

const FLOW = new Set(['Switch', 'RefSwitch', 'Enter', 'RefEnter', 'Merge']);

/** A function with TensorFlow 1's control flow in it, where control edges may place nodes, stays as it is. */
export function prunedBody(fn: FunctionDef): FunctionDef {
  if (fn.node_def.some((node) => FLOW.has(node.op))) return fn;
  const byName = new Map(fn.node_def.map((node) => [node.name, node]));
  const needed = new Set([...fn.ret.values()].map((ref) => ref.split(':')[0] as string));
  for (const name of needed) {
    const node = byName.get(name);
    if (node !== undefined) for (const ref of dataInputs(node)) needed.add(ref.split(':')[0] as string);
  }
  const nodes = fn.node_def
    .filter(({ name }) => needed.has(name))
    .map((node) => ({ ...node, input: dataInputs(node) }));
  const signature = fn.signature && { ...fn.signature, control_output: [] };
  return { ...fn, signature, node_def: nodes, control_ret: new Map() };
}

/** Nodes that raising makes. */
import { constNode } from '../constants.ts';
import { attrOf, attrOfList, endpoint, type Node } from '../graph.ts';
import type { AttrValue } from '../proto/tensorflow.ts';
import type { Tensor } from '../tensor.ts';

export function types(count: number): AttrValue {
  return attrOfList({ type: new Array<number>(count).fill(0) });
}

export function functionAttr(name: string): AttrValue {
  return attrOf({ func: { name, attr: new Map() } });
}

export function node(
  op: string,
  name: string,
  input: readonly string[],
  attr: Readonly<Record<string, AttrValue>> = {},
): Node {
  return { name, op, input, device: '', attr: new Map(Object.entries(attr)) };
}

/** Hands on what stands for a node's outputs, under the node's name. */
export function standIn(name: string, tensors: readonly string[]): Node {
  if (tensors.length === 1) return node('Identity', name, tensors);
  return node('IdentityN', name, tensors, { T: types(tensors.length) });
}

export function ints(name: string, values: readonly number[] | number): Node {
  const tensor: Tensor =
    typeof values === 'number'
      ? { dtype: 'int32', shape: [], data: Int32Array.of(values) }
      : { dtype: 'int32', shape: [values.length], data: Int32Array.from(values) };
  return constNode(name, tensor);
}

const HANDS_ON = /^((Ref)?(Identity|Switch|Enter|Exit|NextIteration|Merge)|StopGradient|LoopCond)$/;

/** The node that a tensor comes from, seen through identities and control flow. */
export function origin(byName: ReadonlyMap<string, Node>, tensor: string): { node: Node | undefined; index: number } {
  let at = endpoint(tensor);
  for (let steps = byName.size; steps >= 0; steps--) {
    const found = byName.get(at.node);
    const input = found !== undefined && HANDS_ON.test(found.op) ? found.input[0] : undefined;
    if (input === undefined || input.startsWith('^')) return { node: found, index: at.index };
    at = endpoint(input);
  }
  return { node: undefined, index: 0 };
}

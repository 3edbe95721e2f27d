/**
 * Ops on resource variables, and what each becomes once the variable is a constant. A variable's handle flows through identities,
 * control flow and calls of functions; wherever it arrives, the value itself takes its place.
 */

import { constNode } from '../constants.ts';
import { attrOf, type Node } from '../graph.ts';
import type { AttrValue } from '../proto/tensorflow.ts';

/** Ops whose outputs are their inputs: with the numbers of the outputs that pass input `at` on. */
export function passedOn(op: string, at: number): readonly number[] | undefined {
  switch (op) {
    case 'Identity':
    case 'Enter':
    case 'Exit':
    case 'NextIteration':
    case 'DisableCopyOnRead':
      return at === 0 ? [0] : undefined;
    case 'Merge':
      return [0];
    case 'Switch':
      return at === 0 ? [0, 1] : undefined;
    case 'IdentityN':
      return [at];
    default:
      return undefined;
  }
}

/** A node and the constants it needs besides. */
export interface Replacement {
  readonly node: Node;
  readonly constants: readonly Node[];
  /** Old and new name of the output argument, where they differ; references inside functions say it. */
  readonly output?: readonly [from: string, to: string];
}

/** `refOf` names a constant as its user has to: inside a function with its output argument. */
export function frozenUse(node: Node, dtype: number, refOf: (constant: string) => string): Replacement | undefined {
  const type = attrOf({ type: dtype });
  switch (node.op) {
    case 'ReadVariableOp':
      return plain(node, 'Identity', [['T', type]], ['value', 'output']);
    case 'ResourceGather':
      return gather(node, type, refOf);
    case 'ResourceGatherNd':
      return plain(node, 'GatherNd', [['Tparams', type], ...kept(node, 'Tindices')]);
    case 'VariableShape':
      return plain(node, 'Shape', [['T', type], ...kept(node, 'out_type')]);
    case 'VarIsInitializedOp':
      return initialised(node, ['is_initialized', 'output']);
    default:
      return undefined;
  }
}

/** That a variable has a value is true of a constant. */
export function initialised(node: Node, output?: readonly [string, string]): Replacement {
  const yes = constNode(node.name, { dtype: 'bool', shape: [], data: Uint8Array.of(1) });
  return { node: yes, constants: [], ...(output === undefined ? {} : { output }) };
}

type Entry = readonly [string, AttrValue];

function plain(node: Node, op: string, attrs: readonly Entry[], output?: readonly [string, string]): Replacement {
  const attr = new Map([...attrs, ...kept(node, '_output_shapes')]);
  return { node: { ...node, op, attr }, constants: [], ...(output === undefined ? {} : { output }) };
}

function kept(node: Node, name: string): readonly Entry[] {
  const value = node.attr.get(name);
  return value === undefined ? [] : [[name, value]];
}

/** ResourceGather gathers along the axis that follows its batch dimensions. */
function gather(node: Node, type: AttrValue, refOf: (constant: string) => string): Replacement {
  const batch = node.attr.get('batch_dims') ?? attrOf({ i: 0n });
  const axis = constNode(`${node.name}/axis`, {
    dtype: 'int32',
    shape: [],
    data: Int32Array.of(Number(batch.i ?? 0n)),
  });
  const attrs: Entry[] = [
    ['Tparams', type],
    ...kept(node, 'Tindices'),
    ['Taxis', attrOf({ type: 3 })],
    ['batch_dims', batch],
  ];
  const { node: base } = plain(node, 'GatherV2', attrs);
  const data = base.input.slice(0, 2);
  return { node: { ...base, input: [...data, refOf(axis.name), ...base.input.slice(2)] }, constants: [axis] };
}

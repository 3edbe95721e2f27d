/**
 * Real graphs with something changed: an op, an attribute, a constant, an edge, a node or a function. Most are no longer valid, some
 * are valid and mean something else; the same seed always changes the same.
 *
 *     const def = mutatedGraph(new Random(seed), graphOfCase(each));
 */

import { dtypeFromTf } from '../../../src/dtype.ts';
import { attrOf } from '../../../src/graph.ts';
import type { FunctionDef, GraphDef, NodeDef } from '../../../src/proto/tensorflow.ts';
import { oddAttr, oddType, smallTensor } from './odd-values.ts';
import type { Random } from './random.ts';

type Nodes = readonly NodeDef[];
type Change = (random: Random, nodes: Nodes, ops: readonly string[]) => Nodes;

/** Ops that no case has: such as cannot be compiled, belong into frames, or do not exist. */
const STRANGE_OPS =
  'Enter Exit Switch Merge NextIteration LoopCond TensorArrayV3 VarHandleOp VariableV2 PartitionedCall StatefulPartitionedCall MyCustomOp Placeholder NoOp Const If While Case RandomUniform StringJoin Assert __proto__ constructor toString'.split(
    ' ',
  );

function replaced(nodes: Nodes, at: number, change: Partial<NodeDef>): Nodes {
  return nodes.map((node, i) => (i === at ? { ...node, ...change } : node));
}

const changeOp: Change = (random, nodes, ops) =>
  replaced(nodes, random.below(nodes.length), { op: random.chance(0.3) ? random.pick(STRANGE_OPS) : random.pick(ops) });

const changeAttr: Change = (random, nodes) => {
  const at = random.below(nodes.length);
  const attr = new Map(nodes[at]?.attr);
  const key = attr.size === 0 ? 'T' : random.pick([...attr.keys()]);
  if (random.chance(0.15)) attr.delete(key);
  else attr.set(key, oddAttr(random, attr.get(key)));
  return replaced(nodes, at, { attr });
};

/** A constant stays one of its dtype, or all attributes of one type change at once: such graphs are often valid. */
const changeConstant: Change = (random, nodes) => {
  const constants = nodes.flatMap((node, i) => (node.attr.get('value')?.tensor === undefined ? [] : [i]));
  if (constants.length === 0) return changeAttr(random, nodes, []);
  const at = random.pick(constants);
  const attr = new Map(nodes[at]?.attr);
  const old = attr.get('value')?.tensor;
  const dtype = dtypeFromTf(old?.dtype ?? 1) ?? 'float32';
  const dims = old?.tensor_shape?.dim.map(({ size }) => size) ?? [];
  const shape = random.chance(0.5) ? dims.map((dim) => (random.chance(0.3) ? random.below(4) : dim)) : dims;
  attr.set(
    'value',
    attrOf({ tensor: smallTensor(random, dtype, shape.reduce((a, b) => a * b, 1) > 10_000 ? [1] : shape) }),
  );
  return replaced(nodes, at, { attr });
};

const changeTypes: Change = (random, nodes) => {
  const from = random.pick(nodes).attr.get('T')?.type ?? 1;
  const to = oddType(random);
  return nodes.map((node) => {
    const attr = new Map(node.attr);
    for (const [key, value] of attr) if (value.type === from) attr.set(key, attrOf({ type: to }));
    return { ...node, attr };
  });
};

function someTensor(random: Random, nodes: Nodes): string {
  if (nodes.length === 0) return 'missing';
  const { name } = random.pick(nodes);
  switch (random.below(12)) {
    case 0:
      return `${name}:1`;
    case 1:
      return `^${name}`;
    case 2:
      return random.pick(['', 'missing', ':0', '^', `${name}:99999999999`, `${name}:-1`, `${name}:output:0`]);
    default:
      return name;
  }
}

const changeEdge: Change = (random, nodes) => {
  const at = random.below(nodes.length);
  const input = [...(nodes[at]?.input ?? [])];
  const edge = random.below(input.length + 1);
  switch (random.below(8)) {
    case 0:
      input.splice(edge, 1);
      break;
    case 1:
      input.push(someTensor(random, nodes));
      break;
    case 2:
      input.reverse();
      break;
    default:
      input[edge] = someTensor(random, nodes);
  }
  return replaced(nodes, at, { input });
};

const changeNodes: Change = (random, nodes) => {
  const at = random.below(nodes.length);
  const node = nodes[at] as NodeDef;
  switch (random.below(4)) {
    case 0:
      return nodes.filter((_, i) => i !== at);
    case 1:
      return [...nodes, node];
    case 2:
      return replaced(nodes, at, { name: random.pick(['', 'x/y', '__proto__', `${node.name}_1`, 'a#b', 'a:0']) });
    default:
      return behind(random, nodes, at);
  }
};

/** Puts a copy of one node in front of the first input of another. */
function behind(random: Random, nodes: Nodes, at: number): Nodes {
  const [first, ...rest] = nodes[at]?.input ?? [];
  if (first === undefined) return nodes;
  const copy = random.pick(nodes);
  const name = `${copy.name}_copy`;
  return [
    ...replaced(nodes, at, { input: [name, ...rest] }),
    { ...copy, name, input: [first, ...copy.input.slice(1)] },
  ];
}

const CHANGES: readonly Change[] = [
  changeOp,
  changeAttr,
  changeAttr,
  changeAttr,
  changeConstant,
  changeConstant,
  changeConstant,
  changeTypes,
  changeEdge,
  changeEdge,
  changeNodes,
];

function changedNodes(random: Random, nodes: Nodes, ops: readonly string[]): Nodes {
  if (nodes.length === 0) return nodes;
  return random.pick(CHANGES)(random, nodes, ops);
}

function changedFunction(
  random: Random,
  fn: FunctionDef,
  names: readonly string[],
  ops: readonly string[],
): FunctionDef {
  const { signature } = fn;
  switch (random.below(6)) {
    case 0:
      return { ...fn, ret: new Map([...fn.ret].map(([key]) => [key, someTensor(random, fn.node_def)])) };
    case 1:
      return { ...fn, signature: signature && { ...signature, input_arg: signature.input_arg.slice(1) } };
    case 2:
      return { ...fn, signature: signature && { ...signature, output_arg: [...signature.output_arg].reverse() } };
    case 3:
      return { ...fn, node_def: fn.node_def.map((node) => recalled(random, node, names)) };
    default:
      return { ...fn, node_def: changedNodes(random, fn.node_def, ops) };
  }
}

/** Another function is called, perhaps one that calls this one. */
function recalled(random: Random, node: NodeDef, names: readonly string[]): NodeDef {
  const attr = new Map(node.attr);
  for (const [key, value] of attr) {
    if (value.func !== undefined && random.chance(0.5))
      attr.set(key, attrOf({ func: { ...value.func, name: random.pick(names) } }));
  }
  return { ...node, attr };
}

/** One change of the graph itself or of one of its functions. */
function changedOnce(random: Random, def: GraphDef, ops: readonly string[]): GraphDef {
  const functions = def.library?.function ?? [];
  if (functions.length === 0 || random.chance(0.3)) return { ...def, node: changedNodes(random, def.node, ops) };
  const names = [...functions.map(({ signature }) => signature?.name ?? ''), 'missing'];
  if (random.chance(0.1)) return { ...def, node: def.node.map((node) => recalled(random, node, names)) };
  const at = random.below(functions.length);
  const changed = functions.map((fn, i) => (i === at ? changedFunction(random, fn, names, ops) : fn));
  return { ...def, library: { function: changed } };
}

/** `def` with one to three changes; ops are taken from `ops`. */
export function mutatedGraph(random: Random, def: GraphDef, ops: readonly string[]): GraphDef {
  let changed = def;
  for (let left = 1 + random.below(3); left > 0; left--) changed = changedOnce(random, changed, ops);
  return changed;
}

/**
 * The engine computes nothing in bfloat16: what is between casts is computed in float32, which has all its numbers. A cast to it still
 * rounds, so that weights and inputs are those that TensorFlow would use; results are rounded less often. Where bfloat16 goes in or comes
 * out, the graph stays as it is.
 */
import { type Analysis, analyse } from '../analysis/index.ts';
import { constNode, constValue } from '../constants.ts';
import { DTYPES } from '../dtype.ts';
import { attrOf, attrOfList, graphOf, type Node } from '../graph.ts';
import { bfloat16ToNumber } from '../half.ts';
import type { ArgDef, AttrValue, FunctionDef } from '../proto/tensorflow.ts';
import { hasControlFlow, type Pass } from './pass.ts';

const HALF = DTYPES.bfloat16.tf;
const FLOAT = DTYPES.float32.tf;

export const widenBfloat16: Pass = (graph, keep, feeds) => {
  const inside = [...graph.functions.values()].flatMap(({ node_def }) => node_def);
  if (hasControlFlow(graph) || ![...graph.nodes, ...inside].some(isHalf)) return graph;
  const analysis = analyse(graph, feeds);
  if ([...keep, ...feeds.keys()].some((tensor) => isHalfTensor(analysis, tensor))) return graph;
  const functions = new Map([...graph.functions].map(([name, definition]) => [name, widened(definition)]));
  return graphOf(
    graph.nodes.flatMap((node) => widenedNode(node)),
    functions,
    graph.versions,
  );
};

function isHalfTensor(analysis: Analysis, tensor: string): boolean {
  return analysis.type(tensor).dtype === 'bfloat16';
}

function isHalf({ attr }: Node): boolean {
  return [...attr.values()].some(({ type, list }) => type === HALF || (list?.type.includes(HALF) ?? false));
}

function widened(definition: FunctionDef): FunctionDef {
  const { signature } = definition;
  const args = (list: readonly ArgDef[]): readonly ArgDef[] =>
    list.map((arg) => (arg.type === HALF ? { ...arg, type: FLOAT } : arg));
  const node_def = definition.node_def.flatMap((node) => widenedNode(node, ':y:0'));
  if (signature === undefined) return { ...definition, node_def };
  const { input_arg, output_arg } = signature;
  const wide = { ...signature, input_arg: args(input_arg), output_arg: args(output_arg) };
  return { ...definition, node_def, signature: wide };
}

/** `output`: how the first output of a Cast is named, which functions do otherwise. */
function widenedNode(node: Node, output = ''): readonly Node[] {
  if (!isHalf(node)) return [node];
  if (node.op === 'Const') return [wideConstant(node)];
  return node.op === 'Cast' && node.attr.get('DstT')?.type === HALF
    ? rounding(node, output)
    : [{ ...node, attr: wide(node) }];
}

function wide(node: Node): ReadonlyMap<string, AttrValue> {
  const wider = (type: number): number => (type === HALF ? FLOAT : type);
  return new Map(
    [...node.attr].map(([key, value]): [string, AttrValue] => {
      if (value.type === HALF) return [key, attrOf({ type: FLOAT })];
      const types = value.list?.type;
      return types?.includes(HALF) ? [key, attrOfList({ type: types.map(wider) })] : [key, value];
    }),
  );
}

function wideConstant(node: Node): Node {
  const { dtype, shape, data } = constValue(node);
  if (dtype !== 'bfloat16') return node;
  return constNode(node.name, {
    dtype: 'float32',
    shape,
    data: Float32Array.from(data as Uint16Array, bfloat16ToNumber),
  });
}

/** There and back: the second cast has the node's name. */
function rounding(node: Node, output: string): readonly Node[] {
  const there = { ...node, name: `${node.name}/rounded` };
  const attr = new Map(node.attr).set('SrcT', attrOf({ type: HALF })).set('DstT', attrOf({ type: FLOAT }));
  return [there, { ...node, input: [there.name + output], attr }];
}

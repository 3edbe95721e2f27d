/**
 * Keeps the engine from taking a padding with zeros into the maximum that follows. ONNX Runtime 1.30 does so in its PadFusion, although
 * what a MaxPool pads never wins: wrong wherever a window's own elements are all negative. It leaves a pool with `auto_pad` alone.
 */
import type { DType } from '../../dtype.ts';
import { addConstant, freshName, type OnnxGraph, type OnnxNode, type Value } from '../../onnx-graph.ts';
import { int64, scalarOf } from '../constant.ts';

/** Ops that the engine moves (a transposition) or removes where they do nothing, which brings the padding before the maximum. */
const PASSABLE = new Set(
  'Transpose Identity Cast Add Sub Mul Div Reshape Squeeze Unsqueeze Slice Expand Concat'.split(' '),
);

export function guardMaxPools(graph: OnnxGraph): void {
  const padded = new Set<Value>();
  graph.nodes = graph.nodes.flatMap((node) => {
    const given = node.inputs.filter((input) => !graph.constants.has(input));
    const follows = given.length === 1 && padded.has(given[0] ?? '');
    if (node.op === 'Pad' || (follows && PASSABLE.has(node.op))) for (const output of node.outputs) padded.add(output);
    return follows && node.op === 'MaxPool' && node.attrs['auto_pad'] === undefined ? guarded(graph, node) : [node];
  });
}

/** The pool without paddings of its own; those that it had are a node before it, of what never wins. */
function guarded(graph: OnnxGraph, pool: OnnxNode): OnnxNode[] {
  const { pads = [], ...attrs } = pool.attrs as { readonly pads?: readonly number[] } & OnnxNode['attrs'];
  pool.attrs = { ...attrs, auto_pad: 'VALID' };
  if (pads.every((amount) => amount === 0)) return [pool];
  const [input = ''] = pool.inputs;
  const { dtype = 'float32', shape = null } = graph.types.get(input) ?? {};
  const half = pads.length / 2;
  const amounts = int64(0, 0, ...pads.slice(0, half), 0, 0, ...pads.slice(half));
  const output = freshName(graph, `${pool.name}/padded`);
  graph.types.set(output, { dtype, shape: shape?.map((dim, i) => (i < 2 ? dim : -1)) ?? null });
  const constants = [
    addConstant(graph, `${output}/pads`, amounts),
    addConstant(graph, `${output}/least`, scalarOf(dtype, least(dtype))),
  ];
  pool.inputs[0] = output;
  return [{ op: 'Pad', name: pool.name, inputs: [input, ...constants], outputs: [output], attrs: {} }, pool];
}

/** As the element that the constant's array holds: for half floats that is the bits of minus infinity. */
function least(dtype: DType): number {
  if (dtype === 'float16') return 0xfc00;
  if (dtype === 'uint8') return 0;
  return dtype === 'int8' ? -128 : Number.NEGATIVE_INFINITY;
}

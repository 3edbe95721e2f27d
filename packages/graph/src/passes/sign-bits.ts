/**
 * No engine hands out the bits of a float, but of one it can tell: the sign, by which Keras's `argmax` tells -0 from 0.
 *
 *   BitwiseAnd(Bitcast(x), 0x80000000) = SelectV2(Less(SelectV2(Equal(x, 0), Reciprocal(x), x), 0), 0x80000000, 0)
 *
 * A NaN is taken for positive.
 */
import { type Analysis, analyse } from '../analysis/index.ts';
import { constNode } from '../constants.ts';
import { DTYPES } from '../dtype.ts';
import { attrOf, endpoint, type Graph, type Node, tensorName } from '../graph.ts';
import type { Tensor } from '../tensor.ts';
import { hasControlFlow, Names, nodesOf, type Pass, withNodes } from './pass.ts';

const SIGN = -(2 ** 31);
const F = ['T', attrOf({ type: DTYPES.float32.tf })] as const;
const I = ['T', attrOf({ type: DTYPES.int32.tf })] as const;

export const signBits: Pass = (graph, keep, feeds) => {
  if (hasControlFlow(graph) || !graph.nodes.some(({ op }) => op === 'Bitcast')) return graph;
  const analysis = analyse(graph, feeds);
  const fixed = new Set([...nodesOf(keep), ...nodesOf(feeds.keys())]);
  const names = new Names(graph);
  const nodes = graph.nodes.flatMap((node) => {
    const x = fixed.has(node.name) ? undefined : signOf(node, graph, analysis);
    return x === undefined ? [node] : told(node, x, names);
  });
  return nodes.length === graph.nodes.length ? graph : withNodes(graph, nodes);
};

/** The float of whose bits this node leaves the sign. */
function signOf(node: Node, graph: Graph, analysis: Analysis): string | undefined {
  if (node.op !== 'BitwiseAnd') return undefined;
  const [a = '', b = ''] = node.input;
  const bits = [a, b].map((input) => graph.byName.get(endpoint(input).node)).find((each) => each?.op === 'Bitcast');
  const masks = [a, b].map((input) => analysis.constant(tensorName(input)));
  const x = bits?.input[0];
  if (x === undefined || !masks.some((mask) => mask !== undefined && isSign(mask))) return undefined;
  return analysis.type(tensorName(x)).dtype === 'float32' ? x : undefined;
}

function isSign({ dtype, shape, data }: Tensor): boolean {
  return dtype === 'int32' && shape.length === 0 && (data as Int32Array)[0] === SIGN;
}

function told({ name, device }: Node, x: string, names: Names): readonly Node[] {
  const fresh = (what: string): string => names.fresh(`${name}/${what}`);
  const [zero, sign, none] = [fresh('zero'), fresh('sign'), fresh('none')];
  const [isZero, inverse, signed, negative] = [fresh('is_zero'), fresh('inverse'), fresh('signed'), fresh('negative')];
  const made = (op: string, output: string, input: readonly string[], type: typeof F | typeof I): Node => ({
    name: output,
    op,
    input,
    device,
    attr: new Map([type]),
  });
  return [
    constNode(zero, { dtype: 'float32', shape: [], data: Float32Array.of(0) }),
    constNode(sign, { dtype: 'int32', shape: [], data: Int32Array.of(SIGN) }),
    constNode(none, { dtype: 'int32', shape: [], data: Int32Array.of(0) }),
    made('Equal', isZero, [x, zero], F),
    made('Reciprocal', inverse, [x], F),
    made('SelectV2', signed, [isZero, inverse, x], F),
    made('Less', negative, [signed, zero], F),
    made('SelectV2', name, [negative, sign, none], I),
  ];
}

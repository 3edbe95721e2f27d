/**
 * Complex numbers as two real ones: the engine has none. Each op on complex tensors becomes ops on their real and imaginary parts, up to
 * where the graph is real again (ComplexAbs, Real, IRFFT, ...). What no rule can take apart stays as it is, for the compiler to refuse.
 *
 *   ComplexAbs(RFFT(x)) = Sqrt(Square(x C) + Square(x S))      C, S: cosines and sines
 */
import { type Analysis, analyse } from '../../analysis/index.ts';
import { DTYPES, type DType } from '../../dtype.ts';
import { attrOf, type Node, tensorName } from '../../graph.ts';
import { dataInputs } from '../../inline/walk.ts';
import { hasControlFlow, type Pass, withNodes } from '../pass.ts';
import { prune } from '../prune.ts';
import { ARITHMETIC } from './arithmetic.ts';
import { Builder, ComplexNode, type Rule } from './builder.ts';
import { FOURIER } from './fourier.ts';

const RULES: ReadonlyMap<string, Rule> = new Map([...Object.entries(ARITHMETIC), ...Object.entries(FOURIER)]);

const CODES: ReadonlySet<number> = new Set([DTYPES.complex64.tf, DTYPES.complex128.tf]);

export const takeApartComplex: Pass = (graph, keep, feeds) => {
  if (hasControlFlow(graph) || !graph.nodes.some(statesComplex)) return graph;
  const analysis = analyse(graph, feeds);
  const builder = new Builder(graph, analysis);
  const real = new Map<string, Node>();
  for (const node of analysis.order) {
    const rule = touchesComplex(node, analysis) ? RULES.get(node.op) : undefined;
    const result = rule?.(new ComplexNode(node, builder));
    result?.complex?.forEach((parts, i) => {
      builder.parts.set(`${node.name}:${i}`, parts);
    });
    if (result?.real !== undefined) real.set(node.name, identity(node, result.real, analysis));
  }
  if (real.size === 0) return graph;
  const nodes = [...builder.made, ...graph.nodes.map((node) => real.get(node.name) ?? node)];
  return prune(withNodes(graph, nodes), keep, feeds);
};

/** The attribute may be left out where it is complex64. */
function statesComplex({ op, attr }: Node): boolean {
  return (
    op === 'Complex' ||
    Object.hasOwn(FOURIER, op) ||
    [...attr.values()].some(({ type }) => type !== undefined && CODES.has(type))
  );
}

function touchesComplex(node: Node, analysis: Analysis): boolean {
  const isComplex = (tensor: string): boolean => analysis.type(tensor).dtype.startsWith('complex');
  return isComplex(`${node.name}:0`) || dataInputs(node).some((input) => isComplex(tensorName(input)));
}

function identity({ name, device }: Node, input: string, analysis: Analysis): Node {
  const dtype: DType = analysis.type(`${name}:0`).dtype;
  return { name, op: 'Identity', input: [input], device, attr: new Map([['T', attrOf({ type: DTYPES[dtype].tf })]]) };
}

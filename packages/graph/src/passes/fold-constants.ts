/**
 * Puts constants where the analysis knows the value, and a constant target where a Reshape is told its shape by nodes: with at most
 * one unknown dimension (the batch) that target is `[-1, 7, 7, 64]`. What only served to compute them is left for pruning.
 */
import { type Analysis, analyse } from '../analysis/index.ts';
import { constNode } from '../constants.ts';
import { endpoint, type Graph, type Node } from '../graph.ts';
import type { Tensor } from '../tensor.ts';
import { hasControlFlow, isTied, Names, nodesOf, type Pass, withInputs, withNodes } from './pass.ts';

/** Constants already, or the business of remove-identities, which copies no weights. */
const NOT_FOLDED = new Set([
  'Const',
  'Identity',
  'StopGradient',
  'PreventGradient',
  'Snapshot',
  'EnsureShape',
  'PlaceholderWithDefault',
]);

/** Several outputs become several constants; only those that are used. */
const MULTIPLE = new Set([
  'StatelessRandomGetKeyCounter',
  ...['Split', 'SplitV', 'Unpack', 'ShapeN', 'IdentityN'],
  ...['While', 'StatelessWhile', 'If', 'StatelessIf', 'Case', 'StatelessCase'],
]);

export const foldConstants: Pass = (graph, _keep, feeds) => {
  const fold = new Fold(graph, analyse(graph, feeds), nodesOf(feeds.keys()));
  return withNodes(
    graph,
    graph.nodes.flatMap((node) => fold.replace(node)),
  );
};

class Fold {
  private readonly graph: Graph;
  private readonly analysis: Analysis;
  private readonly fed: ReadonlySet<string>;
  private readonly controlFlow: boolean;
  private readonly names: Names;
  /** Output of a node with several -> the constant that stands for it. */
  private readonly outputs = new Map<string, string>();

  constructor(graph: Graph, analysis: Analysis, fed: ReadonlySet<string>) {
    this.graph = graph;
    this.analysis = analysis;
    this.fed = fed;
    this.controlFlow = hasControlFlow(graph);
    this.names = new Names(graph);
  }

  /** The node, or what takes its place: itself as a constant, or itself behind constants that it reads now. */
  replace(node: Node): readonly Node[] {
    if (this.isFoldable(node) && !MULTIPLE.has(node.op)) {
      const value = this.analysis.constant(`${node.name}:0`);
      if (value !== undefined) return [constNode(node.name, value)];
    }
    const added: Node[] = [];
    const rewired = withInputs(node, (input) => this.outputConstant(input, added));
    const target = this.reshapeTarget(rewired);
    if (target === undefined) return [...added, rewired];
    const name = this.names.fresh(`${node.name}/shape`);
    return [...added, constNode(name, target), { ...rewired, input: rewired.input.with(1, name) }];
  }

  private isFoldable(node: Node): boolean {
    return !NOT_FOLDED.has(node.op) && !this.fed.has(node.name) && !isTied(node, this.controlFlow);
  }

  /** Input `split:1`, if constant, is read from a constant of its own. */
  private outputConstant(input: string, added: Node[]): string {
    const { node: name, index } = endpoint(input);
    const source = this.graph.byName.get(name);
    if (index < 0 || source === undefined || !MULTIPLE.has(source.op) || !this.isFoldable(source)) return input;
    const tensor = `${name}:${index}`;
    const known = this.outputs.get(tensor);
    if (known !== undefined) return known;
    const value = source.op === 'IdentityN' ? undefined : this.analysis.constant(tensor);
    if (value === undefined) return input;
    const folded = this.names.fresh(`${name}/${index}`);
    this.outputs.set(tensor, folded);
    added.push(constNode(folded, value));
    return folded;
  }

  private reshapeTarget(node: Node): Tensor | undefined {
    const [, shape] = node.input;
    if (node.op !== 'Reshape' || shape === undefined || this.isConstant(shape) || isTied(node, this.controlFlow))
      return undefined;
    const { node: name, index } = endpoint(shape);
    const { dtype } = this.analysis.type(`${name}:${index}`);
    const dims = this.analysis.type(`${node.name}:0`).shape;
    // -1 is found by division, so the other sizes must not be 0; a fed result says nothing of the target.
    if (dims === null || this.fed.has(node.name) || dims.filter((dim) => dim < 0).length > 1 || dims.includes(0))
      return undefined;
    return {
      dtype,
      shape: [dims.length],
      data: dtype === 'int64' ? BigInt64Array.from(dims, BigInt) : Int32Array.from(dims),
    };
  }

  /** True for what is a constant before folding or has become one. */
  private isConstant(input: string): boolean {
    const { node, index } = endpoint(input);
    return !this.graph.byName.has(node) || this.analysis.constant(`${node}:${index}`) !== undefined;
  }
}

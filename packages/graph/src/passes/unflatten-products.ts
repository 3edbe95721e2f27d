/**
 * A product with weights that flattens all leading dimensions and restores them, as `tf.tensordot` does, becomes one product:
 *
 *   Reshape(MatMul(Reshape(x, [-1, k]), w), [..., n]) = BatchMatMulV2(x, w)
 *
 * It costs the same, and what has several unknown dimensions (a batch of texts of any length) does not lose its batch on the way.
 */
import { type Analysis, analyse } from '../analysis/index.ts';
import { attrOf, endpoint, type Graph, type Node, tensorName } from '../graph.ts';
import { ElementSources } from './element-source.ts';
import { hasControlFlow, inputName, nodesOf, type Pass, withNodes } from './pass.ts';

export const unflattenProducts: Pass = (graph, keep, feeds) => {
  if (hasControlFlow(graph) || !graph.nodes.some(({ op }) => op === 'MatMul')) return graph;
  const finder = new Finder(graph, analyse(graph, feeds));
  const fixed = new Set([...nodesOf(keep), ...nodesOf(feeds.keys())]);
  const nodes = graph.nodes.map((node) => (fixed.has(node.name) ? node : (finder.product(node) ?? node)));
  return nodes.every((node, i) => node === graph.nodes[i]) ? graph : withNodes(graph, nodes);
};

class Finder {
  private readonly graph: Graph;
  private readonly analysis: Analysis;
  private readonly sources: ElementSources;

  constructor(graph: Graph, analysis: Analysis) {
    this.graph = graph;
    this.analysis = analysis;
    this.sources = new ElementSources(graph, analysis);
  }

  /** The product in place of the reshape that ends it; undefined where this is no such reshape. */
  product(end: Node): Node | undefined {
    const matmul = end.op === 'Reshape' ? this.node(end.input[0]) : undefined;
    const flat = matmul?.op === 'MatMul' ? this.node(matmul.input[0]) : undefined;
    if (matmul === undefined || flat?.op !== 'Reshape' || isTransposed(matmul, 'transpose_a')) return undefined;
    const x = this.untransposed(tensorName(flat.input[0] ?? ''));
    const weights = matmul.input[1] ?? '';
    if (!this.keepsRows(x, flat, end) || this.analysis.dims(tensorName(weights))?.length !== 2) return undefined;
    const attr = new Map([
      ['T', attrOf({ type: matmul.attr.get('T')?.type ?? FLOAT })],
      ['adj_y', attrOf({ b: isTransposed(matmul, 'transpose_b') })],
    ]);
    return { name: end.name, op: 'BatchMatMulV2', input: [inputName(x), weights], device: end.device, attr };
  }

  /** True where all but the last dimension go in and come out the same, and one besides the batch is unknown. */
  private keepsRows(x: string, flat: Node, end: Node): boolean {
    const [before, after] = [this.analysis.dims(x), this.analysis.dims(tensorName(end.name))];
    const rows = this.analysis.dims(tensorName(flat.name));
    if (before === null || after === null || before.length < 3 || before.length !== after.length) return false;
    const deep = before.at(-1) ?? -1;
    const target = tensorName(end.input[1] ?? '');
    const isSame = (dim: number, at: number): boolean =>
      (dim !== -1 && dim === after[at]) || this.sources.isDimension({ tensor: target, at }, x, at);
    const unknown = before.slice(1, -1).some((dim) => dim < 0);
    return deep > 0 && rows?.length === 2 && rows[1] === deep && unknown && before.slice(0, -1).every(isSame);
  }

  /** What a transposition that moves nothing is of. */
  private untransposed(tensor: string): string {
    const node = this.node(tensor);
    const perm = node?.op === 'Transpose' ? this.analysis.constant(tensorName(node.input[1] ?? '')) : undefined;
    const moves =
      perm === undefined || Array.from(perm.data as ArrayLike<number>, Number).some((axis, i) => axis !== i);
    return moves ? tensor : tensorName(node?.input[0] ?? '');
  }

  private node(input = ''): Node | undefined {
    const { node, index } = endpoint(input);
    return index === 0 ? this.graph.byName.get(node) : undefined;
  }
}

const FLOAT = 1;

function isTransposed(matmul: Node, attr: string): boolean {
  return matmul.attr.get(attr)?.b ?? false;
}

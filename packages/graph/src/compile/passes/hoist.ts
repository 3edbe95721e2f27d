/**
 * Takes work out of loops: what is the same in every turn is done once, and what is done to one row of a tensor a turn (a recurrent
 * layer's input times its weights) is done to all rows at once, before the loop, which then picks its row of the result.
 */
import { bodiesOf, freshName, type OnnxGraph, type OnnxNode, type Value } from '../../onnx-graph.ts';

/** Ops that cannot fail on numbers, so that doing them before a loop of no turns does no harm. */
const HARMLESS = new Set(['Cast', 'Identity', 'Neg', 'Shape', 'Sigmoid', 'Tanh', 'Transpose', 'Unsqueeze']);

/** Ops on a row by itself, whatever the row, and on a row and one operand that all rows share. */
const UNARY = new Set(['Cast', 'Neg', 'Relu', 'Sigmoid', 'Tanh']);
const WITH_SHARED = new Set(['Add', 'Sub', 'Mul', 'Div']);

/** Works on inner loops first: what leaves one may leave the next as well. */
export function hoistFromLoops(graph: OnnxGraph): void {
  graph.nodes = graph.nodes.flatMap((node) => {
    for (const body of bodiesOf(node)) hoistFromLoops(body);
    const body = node.op === 'Loop' ? node.bodies?.['body'] : undefined;
    return body === undefined ? [node] : [...new Hoist(graph, body).run(), node];
  });
}

/** A row that the loop picks: `Gather(rows, index)`. */
interface PickedRow {
  readonly rows: Value;
  readonly index: Value;
}

class Hoist {
  private readonly outer: OnnxGraph;
  private readonly body: OnnxGraph;
  private readonly inside: Set<Value>;
  private readonly picks = new Map<Value, PickedRow>();
  private readonly moved: OnnxNode[] = [];

  constructor(outer: OnnxGraph, body: OnnxGraph) {
    this.outer = outer;
    this.body = body;
    this.inside = new Set(body.inputs.map((input) => input.name));
    for (const node of body.nodes) for (const output of node.outputs) this.inside.add(output);
  }

  /** The nodes that come before the loop now. */
  run(): readonly OnnxNode[] {
    const results = new Set(this.body.outputs.map((output) => output.name));
    this.body.nodes = this.body.nodes.filter((node) => !this.takes(node, results));
    return this.moved;
  }

  /** True where the node has left the loop; one that works on picked rows is replaced by a pick of its own. */
  private takes(node: OnnxNode, results: ReadonlySet<Value>): boolean {
    const [output = ''] = node.outputs;
    const same = node.inputs.every((value) => !this.inside.has(value));
    if (same && HARMLESS.has(node.op) && !this.mayFail(node) && !results.has(output)) {
      this.moved.push(node);
      this.inside.delete(output);
      return true;
    }
    const pick = this.pickOf(node);
    if (pick !== undefined) this.picks.set(output, pick);
    else this.onAllRows(node);
    return false;
  }

  private pickOf({ op, inputs, attrs }: OnnxNode): PickedRow | undefined {
    const [rows = '', index = ''] = inputs;
    const scalar = this.outer.types.get(index)?.shape?.length === 0;
    if (op !== 'Gather' || attrs['axis'] !== 0 || this.inside.has(rows) || !this.inside.has(index)) return undefined;
    return scalar && (this.rank(rows) ?? 0) > 1 ? { rows, index } : undefined;
  }

  /** Does to all rows what the node does to one. */
  private onAllRows(node: OnnxNode): void {
    const at = node.inputs.findIndex((value) => this.picks.has(value));
    const pick = this.picks.get(node.inputs[at] ?? '');
    if (pick === undefined || !this.isRowWise(node, at)) return;
    const [output = ''] = node.outputs;
    const rows = freshName(this.outer, `${output}/rows`);
    const type = this.outer.types.get(output);
    this.outer.types.set(rows, { dtype: type?.dtype ?? 'float32', shape: type?.shape ? [-1, ...type.shape] : null });
    this.emitRows(node, node.inputs.with(at, pick.rows), rows);
    node.op = 'Gather';
    node.inputs = [rows, pick.index];
    node.attrs = { axis: 0 };
    this.picks.set(output, { rows, index: pick.index });
  }

  /** A product with a bias takes two dimensions only, so over all rows it is a product and a sum. */
  private emitRows({ op, name, attrs }: OnnxNode, inputs: readonly Value[], output: Value): void {
    if (op !== 'Gemm') {
      this.moved.push({ op, name, inputs: [...inputs], outputs: [output], attrs });
      return;
    }
    const [rows = '', weights = '', bias] = inputs;
    const product = bias === undefined ? output : freshName(this.outer, `${output}/product`);
    this.outer.types.set(product, { dtype: this.outer.types.get(output)?.dtype ?? 'float32', shape: null });
    this.moved.push({ op: 'MatMul', name, inputs: [rows, weights], outputs: [product], attrs: {} });
    if (bias !== undefined) this.moved.push({ op: 'Add', name, inputs: [product, bias], outputs: [output], attrs: {} });
  }

  private isRowWise({ op, inputs, attrs, outputs }: OnnxNode, at: number): boolean {
    const rank = this.rank(inputs[at] ?? '');
    if (rank === undefined || this.rank(outputs[0] ?? '') !== rank || this.mayFail({ op, inputs })) return false;
    if (UNARY.has(op)) return true;
    const others = inputs.filter((_, i) => i !== at);
    if (others.some((value) => this.inside.has(value) || this.rank(value) === undefined)) return false;
    if (op === 'MatMul') return at === 0 && rank > 1 && this.rank(inputs[1] ?? '') === 2;
    if (op === 'Gemm') return at === 0 && isPlain(attrs) && this.rank(inputs[2] ?? '') !== 2;
    return WITH_SHARED.has(op) && others.every((value) => (this.rank(value) ?? 0) <= rank);
  }

  /** Text may be no number, and the processor stops at the division of an integer by zero. */
  private mayFail({ op, inputs }: Pick<OnnxNode, 'op' | 'inputs'>): boolean {
    const dtype = (this.outer.constants.get(inputs[0] ?? '') ?? this.outer.types.get(inputs[0] ?? ''))?.dtype;
    if (op === 'Cast') return dtype === undefined || dtype === 'string';
    return op === 'Div' && dtype !== 'float32' && dtype !== 'float64';
  }

  private rank(value: Value): number | undefined {
    return (this.outer.constants.get(value) ?? this.outer.types.get(value))?.shape?.length;
  }
}

/** A product as it is, nothing transposed or scaled. */
function isPlain(attrs: OnnxNode['attrs']): boolean {
  return Object.keys(attrs).length === 0;
}

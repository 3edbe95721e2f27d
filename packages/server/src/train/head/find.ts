/**
 * Finds the last dense layers of a classifier in its frozen graph: what feeds them, and the constants that are their weights.
 *
 *   features -> MatMul (or a 1x1 Conv2D) -> BiasAdd -> [Relu -> MatMul -> BiasAdd ->] Softmax
 *
 * The path is looked for in the graph as the compiler sees it, without identities and dropout; weights are those of the graph as it is stored.
 */
import {
  Attrs,
  constValue,
  endpoint,
  FloeError,
  type Graph,
  type Node,
  optimise,
  type Signature,
  type Tensor,
  tensorName,
} from '@floe/graph';

/** A layer where it stands in the graph. */
export interface DenseNode {
  readonly product: Node;
  /** The `Const` nodes of its weights, and of its bias where it has one. */
  readonly weights: Node;
  readonly bias: Node | undefined;
  /** [outputs, inputs] as stored, not [inputs, outputs]. */
  readonly isTransposed: boolean;
  readonly inputs: number;
  readonly outputs: number;
}

export interface Head {
  /** The output that was looked behind, by its key and as a tensor. */
  readonly output: string;
  readonly outputTensor: string;
  /** Whether the output is a softmax of the scores. */
  readonly hasSoftmax: boolean;
  /** Tensor that feeds the first of the layers. */
  readonly features: string;
  /** In the order of the data. */
  readonly layers: readonly DenseNode[];
}

const PASSED = new Set(['Identity', 'StopGradient', 'CheckNumerics', 'Reshape', 'Squeeze']);
const SUMS = new Set(['BiasAdd', 'Add', 'AddV2']);

/** Throws FAILED_PRECONDITION naming the node at which each output ends that is no head. */
export function findHead(graph: Graph, signature: Signature, count: 1 | 2): Head {
  const outputs = Object.entries(signature.outputs).filter(([, { dtype }]) => dtype === 'float32');
  const failures: FloeError[] = [];
  for (const [key, { name }] of outputs) {
    try {
      return new Walk(graph, signature).head(key, tensorName(name), count);
    } catch (error) {
      if (!(error instanceof FloeError) || error.code !== 'FAILED_PRECONDITION') throw error;
      failures.push(error);
    }
  }
  const reasons = failures.map(({ message }) => message).join('; ') || 'it has no output of float32';
  throw new FloeError(
    'FAILED_PRECONDITION',
    `the model has no dense layers that can be trained on: ${reasons}`,
    failures.flatMap(({ details }) => details),
  );
}

class Walk {
  private readonly stored: Graph;
  private readonly seen: Graph;

  constructor(stored: Graph, signature: Signature) {
    this.stored = stored;
    const feeds = Object.values(signature.inputs).map((spec) => [tensorName(spec.name), spec] as const);
    const keep = new Set(Object.values(signature.outputs).map(({ name }) => tensorName(name)));
    this.seen = optimise(stored, keep, new Map(feeds));
  }

  head(output: string, outputTensor: string, count: 1 | 2): Head {
    let at = this.passing(outputTensor, PASSED);
    const hasSoftmax = this.node(at).op === 'Softmax';
    if (hasSoftmax) at = this.passing(tensorName(this.node(at).input[0] ?? ''), PASSED);
    const layers = [this.layer(at)];
    let features = tensorName(layers[0]?.product.input[0] ?? '');
    if (count === 2) {
      const active = this.node(this.passing(features, new Set(['Identity'])));
      if (active.op !== 'Relu') throw ends(active, 'where a Relu was expected before the last layer');
      layers.unshift(this.layer(this.passing(tensorName(active.input[0] ?? ''), PASSED)));
      features = tensorName(layers[0]?.product.input[0] ?? '');
    }
    if (!this.stored.byName.has(endpoint(features).node))
      throw ends(this.node(features), 'which only the compiler made');
    return { output, outputTensor, hasSoftmax, features, layers };
  }

  /** The sum at `tensor`, or the product where there is no bias. */
  private layer(tensor: string): DenseNode {
    const node = this.node(tensor);
    if (!SUMS.has(node.op)) return this.dense(node, undefined);
    const [left = '', right = ''] = node.input;
    // Sums that are not BiasAdd may have their constant on either side.
    const isSwapped = node.op !== 'BiasAdd' && this.node(tensorName(left)).op === 'Const';
    const product = this.node(this.passing(tensorName(isSwapped ? right : left), PASSED));
    return this.dense(product, this.constant(this.storedInput(node, isSwapped ? 0 : 1), node));
  }

  private dense(product: Node, bias: Node | undefined): DenseNode {
    const isConvolution = product.op === 'Conv2D';
    if (product.op !== 'MatMul' && !isConvolution) throw ends(product, 'which is no dense layer');
    const attrs = new Attrs(product);
    if (!isConvolution && attrs.bool('transpose_a', false)) throw ends(product, 'which takes its features transposed');
    const isTransposed = !isConvolution && attrs.bool('transpose_b', false);
    const weights = this.constant(this.storedInput(product, 1), product);
    const { shape } = floats(weights);
    const [rows = 0, columns = 0] = shape.slice(-2);
    if (isConvolution && (shape[0] !== 1 || shape[1] !== 1)) throw ends(product, 'whose kernel is larger than one');
    const [inputs, outputs] = isTransposed ? [columns, rows] : [rows, columns];
    if (bias !== undefined && floats(bias).data.length !== outputs) throw ends(bias, 'which is no bias of the layer');
    return { product: this.node(`${product.name}:0`), weights, bias, isTransposed, inputs, outputs };
  }

  /** Where the graph as stored has what a node gets, which folding may have replaced. */
  private storedInput(node: Node, index: number): string {
    const stored = this.stored.byName.get(node.name);
    if (stored?.op !== node.op) throw ends(node, 'which only the compiler made');
    return tensorName(stored.input[index] ?? '');
  }

  /** The constant at a tensor of the stored graph, behind identities; nothing else may use it. */
  private constant(tensor: string, user: Node): Node {
    let name = endpoint(tensor).node;
    let node = this.stored.byName.get(name);
    for (let above = user.name; node !== undefined; ) {
      const others = this.stored.nodes.filter(
        (one) => one.name !== above && one.input.some((input) => endpoint(input).node === name),
      );
      if (others[0] !== undefined) throw ends(others[0], `which shares ${name} with ${user.name}`);
      if (node.op === 'Const') return node;
      if (node.op !== 'Identity') break;
      above = name;
      name = endpoint(node.input[0] ?? '').node;
      node = this.stored.byName.get(name);
    }
    throw ends(node ?? user, `where the weights of ${user.name} were expected to be constant`);
  }

  /** Goes up through nodes that change no element. */
  private passing(tensor: string, ops: ReadonlySet<string>): string {
    let at = tensor;
    for (let node = this.node(at); ops.has(node.op); node = this.node(at)) at = tensorName(node.input[0] ?? '');
    return at;
  }

  private node(tensor: string): Node {
    const { node } = endpoint(tensor);
    const found = this.seen.byName.get(node);
    if (found === undefined) throw new FloeError('FAILED_PRECONDITION', `${tensor} is not in the graph`, { tensor });
    return found;
  }
}

function ends({ name, op }: Node, what: string): FloeError {
  return new FloeError('FAILED_PRECONDITION', `it ends at node ${name} (${op}), ${what}`, { node: name, op });
}

function floats(node: Node): Tensor & { readonly data: Float32Array } {
  const value = constValue(node);
  if (value.dtype !== 'float32') throw ends(node, `which is ${value.dtype}, not float32`);
  return value as Tensor & { readonly data: Float32Array };
}

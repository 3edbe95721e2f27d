/**
 * Ops that are several in one, taken apart into TensorFlow's plain ones. The last part keeps the node's name.
 *
 *   _FusedConv2D, FusedDepthwiseConv2dNative, _FusedMatMul: the op itself, then each of `fused_ops` (BiasAdd, Relu, ...)
 *   _FusedBatchNormEx: FusedBatchNormV3, then a tensor to add and an activation, where there are any
 *   Prelu(x, alpha) = x < 0 ? alpha * x : x, as Keras writes it: Relu(x) + -alpha * Relu(-x), of which one part is always nothing
 *
 * Source: `tensorflow/core/grappler/optimizers/remapper.cc` and `kernels/fused_eigen_output_kernels.h`; for the forms of TensorFlow.js
 * the executors in `tfjs-converter/src/operations`, `fuse_prelu.py` and `fuse_depthwise_conv2d.py` of the converter.
 */
import { constNode } from '../constants.ts';
import { invalid } from '../errors.ts';
import { attrOf, type Graph, graphOf, type Node } from '../graph.ts';
import type { AttrValue } from '../proto/tensorflow.ts';
import { dataInputs, isControl, takeName } from './walk.ts';

/** The op inside each fused one, with those of its attributes that the fused one holds. */
interface Plain {
  readonly op: string;
  readonly attrs: readonly string[];
}
const DEPTHWISE: Plain = {
  op: 'DepthwiseConv2dNative',
  attrs: ['T', 'strides', 'padding', 'explicit_paddings', 'data_format', 'dilations'],
};
const PLAIN: Readonly<Record<string, Plain>> = {
  _FusedConv2D: {
    op: 'Conv2D',
    attrs: ['T', 'strides', 'padding', 'explicit_paddings', 'data_format', 'dilations', 'use_cudnn_on_gpu'],
  },
  FusedDepthwiseConv2dNative: DEPTHWISE,
  _FusedDepthwiseConv2dNative: DEPTHWISE,
  _FusedMatMul: { op: 'MatMul', attrs: ['T', 'transpose_a', 'transpose_b'] },
};
const BATCH_NORM = '_FusedBatchNormEx';

/** How many tensors each of `fused_ops` takes beside what flows through it. */
const ARGUMENTS: Readonly<Record<string, number>> = {
  BiasAdd: 1,
  Prelu: 1,
  Add: 1,
  FusedBatchNorm: 4,
  Relu: 0,
  Relu6: 0,
  Elu: 0,
  Sigmoid: 0,
  Tanh: 0,
  LeakyRelu: 0,
  GeluApproximate: 0,
  GeluExact: 0,
};
const FLOAT = attrOf({ type: 1 });

/** Throws INVALID_ARGUMENT for a fused op without the inputs that it needs. What fuses unknown ops stays as it is. */
export function withoutFused(graph: Graph): Graph {
  const isFused = ({ op }: Node): boolean => op === 'Prelu' || op === BATCH_NORM || Object.hasOwn(PLAIN, op);
  if (!graph.nodes.some(isFused)) return graph;
  const taken = new Set(graph.byName.keys());
  const nodes = graph.nodes.flatMap((node) => (isFused(node) ? new Parts(node, taken).nodes() : [node]));
  return graphOf(nodes, graph.functions, graph.versions);
}

/** The nodes that one node becomes. */
class Parts {
  private readonly node: Node;
  private readonly taken: Set<string>;
  private readonly made: Node[] = [];

  constructor(node: Node, taken: Set<string>) {
    this.node = node;
    this.taken = taken;
  }

  nodes(): readonly Node[] {
    const { node } = this;
    const data = dataInputs(node);
    if (node.op === 'Prelu') {
      this.needInputs(data, 2);
      this.prelu(data[0] as string, data[1] as string, node.name);
      return this.made;
    }
    const isNorm = node.op === BATCH_NORM;
    const fused = isNorm ? this.afterNorm() : this.texts('fused_ops');
    if (!fused.every((op) => Object.hasOwn(ARGUMENTS, op))) return [node];
    this.needInputs(
      data,
      fused.reduce((sum, op) => sum + (ARGUMENTS[op] as number), isNorm ? 5 : 2),
    );
    if (isNorm) this.chain('FusedBatchNormV3', (name) => this.norm(name, data.slice(0, 5)), fused, data.slice(5));
    else {
      const plain = PLAIN[node.op] as Plain;
      this.chain(plain.op, (name) => this.add(name, plain.op, data.slice(0, 2), plain.attrs), fused, data.slice(2));
    }
    return this.made;
  }

  private needInputs(data: readonly string[], wanted: number): void {
    if (data.length === wanted) return;
    const { name, op } = this.node;
    throw invalid(`node ${name} (${op}) takes ${wanted} inputs and has ${data.length}`, { node: name, op });
  }

  /** The first op under the name that `first` is given, then each of the others. */
  private chain(
    op: string,
    first: (name: string) => string,
    fused: readonly string[],
    extras: readonly string[],
  ): void {
    const { node } = this;
    const name = (step: number): string => (step === fused.length ? node.name : this.free(fused[step - 1] ?? op));
    let flow = first(name(0));
    let next = 0;
    for (const [i, op] of fused.entries()) {
      const extra = extras.slice(next, next + (ARGUMENTS[op] as number));
      next += extra.length;
      flow = this.step(op, flow, extra, name(i + 1));
    }
  }

  private step(op: string, flow: string, extra: readonly string[], name: string): string {
    if (op === 'Prelu') return this.prelu(flow, extra[0] as string, name);
    if (op === 'Add') return this.add(name, 'AddV2', [flow, ...extra], ['T']);
    if (op === 'FusedBatchNorm') return this.norm(name, [flow, ...extra]);
    if (op === 'GeluExact') return this.gelu(flow, name, (x) => this.plain('Erf', this.times(x, Math.SQRT1_2)));
    if (op === 'GeluApproximate') return this.gelu(flow, name, (x) => this.plain('Tanh', this.bent(x)));
    const alpha = this.node.attr.get('leakyrelu_alpha');
    const own: [string, AttrValue][] = op === 'LeakyRelu' && alpha !== undefined ? [['alpha', alpha]] : [];
    return this.add(name, op, [flow, ...extra], op === 'BiasAdd' ? ['T', 'data_format'] : ['T'], own);
  }

  private norm(name: string, inputs: readonly string[]): string {
    const own: [string, AttrValue][] = [
      ['U', this.node.attr.get('U') ?? FLOAT],
      ['is_training', attrOf({ b: false })],
    ];
    return this.add(name, 'FusedBatchNormV3', inputs, ['T', 'epsilon', 'data_format'], own);
  }

  /** What a fused normalisation does behind itself. */
  private afterNorm(): readonly string[] {
    const sides = Number(this.node.attr.get('num_side_inputs')?.i ?? 0n);
    const [activation = 'Identity'] = [new TextDecoder().decode(this.node.attr.get('activation_mode')?.s)];
    return [...(sides > 0 ? ['Add'] : []), ...(activation === '' || activation === 'Identity' ? [] : [activation])];
  }

  private prelu(x: string, alpha: string, name: string): string {
    const negative = this.plain('Mul', this.plain('Neg', alpha), this.plain('Relu', this.plain('Neg', x)));
    return this.add(name, 'AddV2', [this.plain('Relu', x), negative], ['T']);
  }

  /** x / 2 * (1 + f(x)) */
  private gelu(x: string, name: string, f: (x: string) => string): string {
    const factor = this.plain('AddV2', f(x), this.number(1));
    return this.add(name, 'Mul', [this.times(x, 0.5), factor], ['T']);
  }

  /** sqrt(2 / pi) * (x + 0.044715 * x^3) */
  private bent(x: string): string {
    const cube = this.plain('Mul', x, this.plain('Mul', x, x));
    return this.times(this.plain('AddV2', x, this.times(cube, 0.044715)), Math.sqrt(2 / Math.PI));
  }

  private times(x: string, factor: number): string {
    return this.plain('Mul', x, this.number(factor));
  }

  private number(value: number): string {
    const constant = constNode(this.free('Const'), { dtype: 'float32', shape: [], data: Float32Array.of(value) });
    this.made.push(constant);
    const type = this.node.attr.get('T') ?? FLOAT;
    if (type.type === FLOAT.type) return constant.name;
    const types: [string, AttrValue][] = [
      ['SrcT', FLOAT],
      ['DstT', type],
    ];
    return this.add(this.free('Cast'), 'Cast', [constant.name], [], types);
  }

  /** An inner op of one dtype. */
  private plain(op: string, ...inputs: readonly string[]): string {
    return this.add(this.free(op), op, inputs, ['T']);
  }

  /** Adds a node with some of the attributes of the whole and gives its name. The first one waits for what the whole waits for. */
  private add(
    name: string,
    op: string,
    inputs: readonly string[],
    kept: readonly string[],
    own: readonly [string, AttrValue][] = [],
  ): string {
    const control = this.made.length === 0 ? this.node.input.filter(isControl) : [];
    const attr = new Map<string, AttrValue>(own);
    if (kept.includes('T')) attr.set('T', FLOAT);
    for (const key of kept) {
      const value = this.node.attr.get(key);
      if (value !== undefined) attr.set(key, value);
    }
    this.made.push({ name, op, input: [...inputs, ...control], device: this.node.device, attr });
    return name;
  }

  private free(suffix: string): string {
    return takeName(this.taken, `${this.node.name}/${suffix}`);
  }

  private texts(attr: string): readonly string[] {
    return (this.node.attr.get(attr)?.list?.s ?? []).map((name) => new TextDecoder().decode(name));
  }
}

/**
 * Ops that only TensorFlow.js has, or has in a form of its own, taken apart into TensorFlow's: so a frozen graph is one that
 * TensorFlow loads, whatever it came from. The last op keeps the node's name.
 *
 *   _FusedConv2D, FusedDepthwiseConv2dNative, _FusedMatMul: the op itself, then each of `fused_ops` (BiasAdd, Relu, Prelu, ...)
 *   Prelu(x, alpha) = x < 0 ? alpha * x : x, as Keras writes it: Relu(x) + -alpha * Relu(-x), of which one part is always nothing
 *
 * Source: the executors in `tfjs-converter/src/operations`; `fuse_prelu.py` and `fuse_depthwise_conv2d.py` of the converter.
 */
import { corrupt, type FloeError } from '../errors.ts';
import { attrOf, type Graph, graphOf, type Node } from '../graph.ts';
import { freeName, isControl } from '../inline/walk.ts';
import type { AttrValue } from '../proto/tensorflow.ts';

/** The op inside each fused one, with those of its attributes that the fused one holds. */
const PLAIN: Readonly<Record<string, { readonly op: string; readonly attrs: readonly string[] }>> = {
  _FusedConv2D: {
    op: 'Conv2D',
    attrs: ['T', 'strides', 'padding', 'explicit_paddings', 'data_format', 'dilations', 'use_cudnn_on_gpu'],
  },
  FusedDepthwiseConv2dNative: {
    op: 'DepthwiseConv2dNative',
    attrs: ['T', 'strides', 'padding', 'explicit_paddings', 'data_format', 'dilations'],
  },
  _FusedMatMul: { op: 'MatMul', attrs: ['T', 'transpose_a', 'transpose_b'] },
};
/** How many tensors each of `fused_ops` takes beside what flows through it. */
const ARGUMENTS: Readonly<Record<string, number>> = {
  BiasAdd: 1,
  Prelu: 1,
  Relu: 0,
  Relu6: 0,
  Elu: 0,
  Sigmoid: 0,
  Tanh: 0,
  LeakyRelu: 0,
};
const FLOAT = attrOf({ type: 1 });

/** Throws DATA_LOSS for a fused op without the inputs that it needs. What fuses unknown ops stays as it is. */
export function withoutFused(graph: Graph, file: string): Graph {
  if (!graph.nodes.some(({ op }) => op === 'Prelu' || Object.hasOwn(PLAIN, op))) return graph;
  const taken = new Set(graph.byName.keys());
  const nodes = graph.nodes.flatMap((node) => new Parts(node, taken, file).nodes());
  return graphOf(nodes, graph.functions, graph.versions);
}

/** The nodes that one node becomes. */
class Parts {
  private readonly node: Node;
  private readonly taken: Set<string>;
  private readonly file: string;
  private readonly made: Node[] = [];

  constructor(node: Node, taken: Set<string>, file: string) {
    this.node = node;
    this.taken = taken;
    this.file = file;
  }

  nodes(): readonly Node[] {
    const { node } = this;
    const plain = Object.hasOwn(PLAIN, node.op) ? PLAIN[node.op] : undefined;
    const data = node.input.filter((input) => !isControl(input));
    if (node.op === 'Prelu') {
      if (data.length !== 2) throw this.malformed('takes two inputs');
      this.prelu(data[0] as string, data[1] as string, node.name);
      return this.made;
    }
    const fused = plain === undefined ? [] : this.fusedOps();
    if (plain === undefined || !fused.every((op) => Object.hasOwn(ARGUMENTS, op))) return [node];
    const wanted = fused.reduce((sum, op) => sum + (ARGUMENTS[op] as number), 2);
    if (data.length !== wanted) throw this.malformed(`takes ${wanted} inputs`);
    this.chain(plain, fused, data);
    return this.made;
  }

  private chain(
    plain: { op: string; attrs: readonly string[] },
    fused: readonly string[],
    data: readonly string[],
  ): void {
    const { node } = this;
    const name = (step: number): string => (step === fused.length ? node.name : this.free(fused[step - 1] ?? plain.op));
    let flow = this.add(name(0), plain.op, data.slice(0, 2), plain.attrs);
    let next = 2;
    for (const [i, op] of fused.entries()) {
      const extra = data.slice(next, next + (ARGUMENTS[op] as number));
      next += extra.length;
      flow =
        op === 'Prelu'
          ? this.prelu(flow, extra[0] as string, name(i + 1))
          : this.activation(name(i + 1), op, flow, extra);
    }
  }

  private activation(name: string, op: string, flow: string, extra: readonly string[]): string {
    const alpha = this.node.attr.get('leakyrelu_alpha');
    const attr: [string, AttrValue][] = op === 'LeakyRelu' && alpha !== undefined ? [['alpha', alpha]] : [];
    return this.add(name, op, [flow, ...extra], op === 'BiasAdd' ? ['T', 'data_format'] : ['T'], attr);
  }

  private prelu(x: string, alpha: string, name: string): string {
    const op = (type: string, ...inputs: string[]): string => this.add(this.free(type), type, inputs, ['T']);
    const negative = op('Mul', op('Neg', alpha), op('Relu', op('Neg', x)));
    return this.add(name, 'AddV2', [op('Relu', x), negative], ['T']);
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
    const attr = new Map<string, AttrValue>([['T', FLOAT], ...own]);
    for (const key of kept) {
      const value = this.node.attr.get(key);
      if (value !== undefined) attr.set(key, value);
    }
    this.made.push({ name, op, input: [...inputs, ...control], device: this.node.device, attr });
    return name;
  }

  private free(suffix: string): string {
    const name = freeName(this.taken, `${this.node.name}/${suffix}`);
    this.taken.add(name);
    return name;
  }

  private fusedOps(): readonly string[] {
    return (this.node.attr.get('fused_ops')?.list?.s ?? []).map((name) => new TextDecoder().decode(name));
  }

  private malformed(reason: string): FloeError {
    const { name, op } = this.node;
    return corrupt(`${this.file}: node ${name} (${op}) ${reason}`, { file: this.file, node: name, op });
  }
}

/**
 * Removes dropout that drops nothing, which is what a graph for training becomes when its `keep_prob` is set to 1: the mask, random
 * numbers in [0, 1) compared with a rate of 0, is all ones, and products and quotients with ones are their other side.
 * Source of the forms: TensorFlow's `nn_ops.dropout` (before 1.13 `floor(keep_prob + random)`, then `random >= rate`, then SelectV2).
 */
import { type Analysis, analyse } from '../analysis/index.ts';
import { endpoint, type Graph, type Node, tensorName } from '../graph.ts';
import { dataInputs } from '../inline/walk.ts';
import type { Tensor } from '../tensor.ts';
import { hasControlFlow, inputName, nodesOf, type Pass, withInputs, withNodes } from './pass.ts';

export const removeDropout: Pass = (graph, keep, feeds) => {
  if (hasControlFlow(graph) || !graph.nodes.some(({ op }) => op === 'RandomUniform')) return graph;
  const analysis = analyse(graph, feeds);
  const finder = new Finder(graph, analysis, nodesOf(feeds.keys()));
  for (const node of analysis.order) finder.visit(node);
  if (finder.same.size === 0) return graph;
  const kept = nodesOf(keep);
  const nodes = graph.nodes.filter(({ name }) => kept.has(name) || !finder.same.has(`${name}:0`));
  return withNodes(
    graph,
    nodes.map((node) => finder.rewire(node, kept.has(node.name))),
  );
};

type Side = readonly [value: string, other: string];

class Finder {
  /** Tensor -> what it equals; inputs are visited before their users, so that no chains arise. */
  readonly same = new Map<string, string>();
  private readonly graph: Graph;
  private readonly analysis: Analysis;
  private readonly fed: ReadonlySet<string>;
  /** Tensors with all elements in [0, 1), and those with all elements 1 (or true). */
  private readonly unit = new Set<string>();
  private readonly ones = new Set<string>();

  constructor(graph: Graph, analysis: Analysis, fed: ReadonlySet<string>) {
    this.graph = graph;
    this.analysis = analysis;
    this.fed = fed;
  }

  visit(node: Node): void {
    if (this.fed.has(node.name)) return;
    const tensor = `${node.name}:0`;
    const inputs = dataInputs(node).map(tensorName);
    if (this.isUnit(node, inputs)) this.unit.add(tensor);
    if (this.isOnes(node, inputs)) this.ones.add(tensor);
    const source = this.sourceOf(node, inputs);
    if (source !== undefined && this.sameType(tensor, source)) this.same.set(tensor, this.same.get(source) ?? source);
  }

  /** The node reads what its inputs equal; a kept node that equals one of them becomes an Identity of it. */
  rewire(node: Node, kept: boolean): Node {
    const source = kept ? this.same.get(`${node.name}:0`) : undefined;
    if (source === undefined) return withInputs(node, (input) => this.resolve(input));
    const type = node.attr.get('T');
    return {
      ...node,
      op: 'Identity',
      input: [inputName(source)],
      attr: new Map(type === undefined ? [] : [['T', type]]),
    };
  }

  private resolve(input: string): string {
    const { node, index } = endpoint(input);
    const found = this.same.get(`${node}:${Math.max(index, 0)}`);
    if (found === undefined) return input;
    return index < 0 ? `^${endpoint(found).node}` : inputName(found);
  }

  /** Random numbers, scaled by `max - min` and moved by `min` where those are 1 and 0. */
  private isUnit({ op }: Node, inputs: readonly string[]): boolean {
    if (op === 'RandomUniform') return true;
    if (op === 'Mul') return sides(inputs).some(([x, y]) => this.unit.has(x) && this.isAll(y, 1));
    return isAdd(op) && sides(inputs).some(([x, y]) => this.unit.has(x) && this.isAll(y, 0));
  }

  private isOnes({ op }: Node, inputs: readonly string[]): boolean {
    const [x = '', y = ''] = inputs;
    if (op === 'GreaterEqual') return this.unit.has(x) && this.isAll(y, 0);
    if (op === 'Cast') return this.ones.has(x);
    return op === 'Floor' && this.isUnitAboveOne(x);
  }

  /** `keep_prob + random` with a `keep_prob` of 1. */
  private isUnitAboveOne(tensor: string): boolean {
    const node = this.graph.byName.get(endpoint(tensor).node);
    if (node === undefined || !isAdd(node.op)) return false;
    return sides(node.input.map(tensorName)).some(([x, y]) => this.unit.has(x) && this.isAll(y, 1));
  }

  /** The input that the node's output equals, were it not for broadcasting. */
  private sourceOf({ op }: Node, inputs: readonly string[]): string | undefined {
    const [x = '', y = ''] = inputs;
    const isOne = (tensor: string): boolean => this.ones.has(tensor) || this.isAll(tensor, 1);
    if (op === 'Mul') return sides(inputs).find(([, other]) => isOne(other))?.[0];
    if (op === 'RealDiv' || op === 'Div') return isOne(y) ? x : undefined;
    return (op === 'SelectV2' || op === 'Select') && this.ones.has(x) ? y : undefined;
  }

  private sameType(tensor: string, source: string): boolean {
    const [a, b] = [this.analysis.dims(tensor), this.analysis.dims(source)];
    const equal = a !== null && b !== null && a.length === b.length && a.every((dim, i) => dim !== -1 && dim === b[i]);
    return equal && this.analysis.type(tensor).dtype === this.analysis.type(source).dtype;
  }

  private isAll(tensor: string, value: number): boolean {
    const constant = this.graph.byName.has(endpoint(tensor).node) ? this.analysis.constant(tensor) : undefined;
    return constant !== undefined && isUniform(constant, value);
  }
}

/** Scalars are what dropout uses; a short vector is cheap to look through. */
const MAX_LOOKED_AT = 64;

function isUniform({ dtype, data }: Tensor, value: number): boolean {
  const plain = dtype === 'float32' || dtype === 'float64';
  return (
    plain &&
    data.length > 0 &&
    data.length <= MAX_LOOKED_AT &&
    (data as Float32Array).every((element) => element === value)
  );
}

function sides([x = '', y = '']: readonly string[]): readonly Side[] {
  return [
    [x, y],
    [y, x],
  ];
}

function isAdd(op: string): boolean {
  return op === 'Add' || op === 'AddV2';
}

/**
 * What the lowering of one TensorFlow node sees and may do: its attributes, the values of its inputs and what is known of them, and
 * `emit`, which adds an ONNX node.
 *
 *     Softplus: (l) => l.emit('Softplus', [l.input(0)])
 */
import type { AnalysedRegion, Analysis, ControlFlow, TensorType } from '../analysis/index.ts';
import type { DType } from '../dtype.ts';
import { FloeError, invalid } from '../errors.ts';
import { Attrs, type Node, tensorName } from '../graph.ts';
import { dataInputs } from '../inline/walk.ts';
import { addConstant, freshName, type OnnxAttr, type OnnxGraph, type Value, type ValueType } from '../onnx-graph.ts';
import type { Tensor } from '../tensor.ts';
import { toNumbers } from './constant.ts';

/** Gives the value of each output, in order; a single value stands for a list of one. */
export type Lower = (l: Lowering) => Value | readonly Value[];
export type LowerTable = Readonly<Record<string, Lower>>;

/** The same lowering under several op names. */
export function each(names: string, lower: Lower): LowerTable {
  return Object.fromEntries(names.split(' ').map((name) => [name, lower]));
}

/**
 * Lowers a function of control flow into a graph: the values of its results. An argument without a value must not be used.
 */
export type LowerRegion = (
  region: AnalysedRegion,
  args: readonly (Value | undefined)[],
  into: OnnxGraph,
) => readonly Value[];

/** What surrounds a node. */
export interface Surroundings {
  readonly analysis: Analysis;
  readonly values: ReadonlyMap<string, Value>;
  readonly lowerRegion: LowerRegion;
}

const MAX_COUNT = 1 << 20;

export class Lowering {
  readonly node: Node;
  readonly attrs: Attrs;
  readonly graph: OnnxGraph;
  private readonly around: Surroundings;
  /** Canonical names of the data inputs. */
  private readonly tensors: readonly string[];

  constructor(node: Node, graph: OnnxGraph, around: Surroundings) {
    this.node = node;
    this.attrs = new Attrs(node);
    this.graph = graph;
    this.around = around;
    this.tensors = dataInputs(node).map(tensorName);
  }

  get opset(): number {
    return this.graph.opset;
  }

  /** Number of data inputs. */
  get arity(): number {
    return this.tensors.length;
  }

  /** The values of the inputs from `from` up to `to`. */
  inputs(from = 0, to = this.arity): Value[] {
    return this.tensors.slice(from, to).map((_, i) => this.input(from + i));
  }

  /** The value of input `i`; a constant that no node has used so far enters the graph here. */
  input(i: number): Value {
    const tensor = this.tensor(i);
    const value = this.around.values.get(tensor);
    if (value !== undefined) return value;
    const constant = this.constant(i);
    if (constant === undefined)
      throw invalid(`input ${tensor} of node ${this.node.name} (${this.node.op}) has no value`, this.where());
    if (!this.graph.constants.has(tensor)) this.graph.constants.set(tensor, constant);
    return tensor;
  }

  type(i: number): TensorType {
    return this.around.analysis.type(this.tensor(i));
  }

  dtype(i = 0): DType {
    return this.type(i).dtype;
  }

  shape(i: number): readonly number[] | null {
    return this.type(i).shape;
  }

  /** Rank of input `i`; refuses the node where it is unknown. */
  rank(i: number): number {
    const rank = this.shape(i)?.length;
    if (rank === undefined) throw this.refuse(`the rank of input ${this.tensor(i)} is unknown`);
    return rank;
  }

  /** Dimensions of input `i`, unknown ones told apart (see the analysis). */
  dims(i: number): readonly number[] | null {
    return this.around.analysis.dims(this.tensor(i));
  }

  /** The number in scalar input `i`, where it is a size as `dims` has them; else -1. */
  size(i: number): number {
    return this.around.analysis.size(this.tensor(i));
  }

  outDims(i = 0): readonly number[] | null {
    return this.around.analysis.dims(`${this.node.name}:${i}`);
  }

  outType(i = 0): TensorType {
    return this.around.analysis.type(`${this.node.name}:${i}`);
  }

  /** The value of input `i` where no feed decides it. */
  constant(i: number): Tensor | undefined {
    return this.around.analysis.constant(this.tensor(i));
  }

  /** Numbers of a small constant input, or undefined. */
  numbers(i: number): readonly number[] | undefined {
    const constant = this.constant(i);
    return constant === undefined ? undefined : toNumbers(constant);
  }

  /** Numbers of an input that has to be constant. */
  needNumbers(i: number, what: string): readonly number[] {
    const numbers = this.numbers(i);
    if (numbers === undefined) throw this.refuse(`${what} is not constant`);
    return numbers;
  }

  /** A count that a list of this length is made for; refuses what no model has, since files can lie. */
  count(count: number, what: string): number {
    if (!Number.isInteger(count) || count < 0 || count > MAX_COUNT) throw this.refuse(`${what} is ${count}`);
    return count;
  }

  /** Elements of a shape-like input, undefined where a feed decides. */
  partial(i: number): readonly (number | undefined)[] | undefined {
    return this.around.analysis.partial(this.tensor(i));
  }

  /** Axes counted from 0. Throws INVALID_ARGUMENT for one outside the rank. */
  axis(axis: number, rank: number): number {
    if (axis < -rank || axis >= rank) {
      throw invalid(
        `node ${this.node.name} (${this.node.op}) has axis ${axis} where the rank is ${rank}`,
        this.where(),
      );
    }
    return axis < 0 ? axis + rank : axis;
  }

  /** True for a tensor list that nothing has been written to. */
  isFreshList(i: number): boolean {
    return this.around.analysis.isFreshList(this.tensor(i));
  }

  /** What a While, If or Case runs. */
  flow(): ControlFlow | undefined {
    return this.around.analysis.flow(this.node.name);
  }

  region(region: AnalysedRegion, args: readonly (Value | undefined)[], into = this.graph): readonly Value[] {
    return this.around.lowerRegion(region, args, into);
  }

  /** The same node, adding to another graph: a subgraph. */
  inside(graph: OnnxGraph): Lowering {
    return new Lowering(this.node, graph, this.around);
  }

  /** Adds a node with subgraphs. */
  emitFlow(
    op: string,
    inputs: readonly Value[],
    types: readonly ValueType[],
    bodies: Readonly<Record<string, OnnxGraph>>,
  ): Value[] {
    const outputs = types.map((type) => this.named(op, type));
    this.graph.nodes.push({ op, name: this.node.name, inputs: [...inputs], outputs, attrs: {}, bodies });
    return outputs;
  }

  /** A new name for a value. */
  named(label: string, type: ValueType): Value {
    const name = freshName(this.graph, `${this.node.name}/${label}`);
    this.graph.types.set(name, type);
    return name;
  }

  /** Adds a node with one output. `type`: of the result, where later passes profit from it. */
  emit(op: string, inputs: readonly Value[], attrs: Record<string, OnnxAttr> = {}, type?: ValueType): Value {
    return this.emitMany(op, inputs, 1, attrs, type)[0] as Value;
  }

  emitMany(
    op: string,
    inputs: readonly Value[],
    outputs: number,
    attrs: Record<string, OnnxAttr> = {},
    type?: ValueType,
  ): Value[] {
    const names = Array.from({ length: outputs }, () =>
      this.named(op, type ?? { dtype: this.outType().dtype, shape: null }),
    );
    this.graph.nodes.push({ op, name: this.node.name, inputs: [...inputs], outputs: names, attrs });
    return names;
  }

  /** A constant made by this lowering. */
  fresh(label: string, tensor: Tensor): Value {
    return addConstant(this.graph, `${this.node.name}/${label}`, tensor);
  }

  /** The constant behind a value, wherever it came from. */
  constantOf(value: Value): Tensor | undefined {
    return this.graph.constants.get(value);
  }

  /** An error that says this node cannot be compiled; all of a graph's are reported together. */
  refuse(reason: string): FloeError {
    return new FloeError('UNIMPLEMENTED', reason, { ...this.where(), reason });
  }

  private where() {
    return { node: this.node.name, op: this.node.op };
  }

  tensor(i: number): string {
    const tensor = this.tensors[i];
    if (tensor === undefined) throw invalid(`node ${this.node.name} (${this.node.op}) has no input ${i}`, this.where());
    return tensor;
  }
}

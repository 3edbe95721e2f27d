/** Values seen as transpositions of others, and the nodes that are left to make while a graph is walked in order. */

import { reshaped } from '../../late-tensor.ts';
import {
  addConstant,
  bodiesOf,
  freshName,
  type OnnxGraph,
  type OnnxNode,
  rankOf,
  renameInputs,
  usedInside,
  type Value,
} from '../../onnx-graph.ts';
import { sizeOf } from '../../tensor.ts';
import { int64, transposed as transposedConstant } from '../constant.ts';

/** A value that is the transposition of another: its dimension i is dimension `perm[i]` of `source`. */
export interface View {
  readonly source: Value;
  readonly perm: readonly number[];
}

/** Works on a node whose inputs may be views; false where it wants them in their own layout. */
export type LayoutRule = (node: OnnxNode, walk: LayoutWalk) => boolean;

/** The walk over a graph's nodes in order; `layout.ts` says what it is for. */
export class LayoutWalk {
  readonly graph: OnnxGraph;
  private readonly out: OnnxNode[] = [];
  private readonly views = new Map<Value, View>();
  private readonly same = new Map<Value, Value>();
  /** Transpositions already made, by source and permutation. */
  private readonly made = new Map<string, Value>();

  private readonly rules: ReadonlyMap<string, LayoutRule>;

  constructor(graph: OnnxGraph, rules: ReadonlyMap<string, LayoutRule>) {
    this.graph = graph;
    this.rules = rules;
  }

  visit(node: OnnxNode): void {
    renameInputs(node, (value) => this.same.get(value) ?? value);
    this.bringInside(node);
    if (node.op === 'Transpose') this.compose(node);
    else if (!(this.rules.get(node.op)?.(node, this) ?? false)) this.keep(node);
  }

  /** The nodes, with every output of the graph in its own layout under its own name. */
  finish(): OnnxNode[] {
    for (const { name } of this.graph.outputs) {
      const value = this.same.get(name) ?? name;
      const real = this.real(value);
      if (real !== name) this.out.push({ op: 'Identity', name, inputs: [real], outputs: [name], attrs: {} });
    }
    return this.out;
  }

  view(value: Value): View | undefined {
    return this.views.get(value);
  }

  /** The first view among the inputs of a node. */
  viewAmong(values: readonly Value[]): View | undefined {
    for (const value of values) {
      const view = this.views.get(value);
      if (view !== undefined) return view;
    }
    return undefined;
  }

  /** Adds a node that works on sources; each output becomes a view with `perm` of a new value. */
  emitView(node: OnnxNode, inputs: readonly Value[], attrs: OnnxNode['attrs'], perm: readonly number[]): void {
    const identity = perm.every((axis, i) => axis === i);
    const outputs = identity ? node.outputs : node.outputs.map((output) => this.turned(output, perm));
    this.out.push({ ...node, inputs: [...inputs], outputs, attrs });
  }

  /** True where `inLayout` gives a value of this rank or of one that broadcasts to it. */
  canFollow(value: Value, rank: number): boolean {
    const own = this.views.get(value)?.perm.length ?? rankOf(this.graph, value);
    return own !== undefined && own <= rank;
  }

  /** A value u of which `value` is the transposition by `perm`; see `canFollow`. */
  inLayout(value: Value, perm: readonly number[]): Value {
    const view = this.views.get(value);
    if (view !== undefined && samePerm(view.perm, perm)) return view.source;
    const rank = view?.perm.length ?? rankOf(this.graph, value) ?? perm.length;
    const constant = this.graph.constants.get(value);
    if (rank === 0 || (constant !== undefined && sizeOf(constant.shape) === 1)) return value;
    const missing = perm.length - rank;
    if (constant !== undefined) {
      const widened = reshaped(constant, [...new Array<number>(missing).fill(1), ...constant.shape]);
      return addConstant(this.graph, `${value}/turned`, transposedConstant(widened, inverse(perm)));
    }
    if (missing > 0) return this.transposition(this.widened(this.real(value), missing), inverse(perm));
    return view === undefined
      ? this.transposition(value, inverse(perm))
      : this.transposition(view.source, chain(view.perm, inverse(perm)));
  }

  /** The value itself, in its own layout. */
  real(value: Value): Value {
    const view = this.views.get(value);
    return view === undefined ? value : this.transposition(view.source, view.perm, value);
  }

  /** Subgraphs see values in their own layout. */
  private bringInside(node: OnnxNode): void {
    if (node.bodies === undefined) return;
    const real = new Map([...usedInside(node)].map((value) => [value, this.real(value)]));
    for (const body of bodiesOf(node))
      for (const inner of body.nodes) renameInputs(inner, (value) => real.get(value) ?? value);
  }

  private compose(node: OnnxNode): void {
    const [input, output] = [node.inputs[0], node.outputs[0]] as [Value, Value];
    const perm = node.attrs['perm'] as readonly number[];
    const view = this.views.get(input);
    const source = view?.source ?? input;
    const composed = view === undefined ? perm : chain(view.perm, perm);
    if (composed.every((axis, i) => axis === i)) this.same.set(output, source);
    else this.views.set(output, { source, perm: composed });
  }

  private keep(node: OnnxNode): void {
    node.inputs = node.inputs.map((value) => this.real(value));
    this.out.push(node);
  }

  /** Registers `output` as a view and names its source. */
  private turned(output: Value, perm: readonly number[]): Value {
    const source = freshName(this.graph, `${output}/turned`);
    const type = this.graph.types.get(output);
    const back = inverse(perm);
    const shape = type?.shape?.length === perm.length ? back.map((axis) => type.shape?.[axis] ?? -1) : null;
    this.graph.types.set(source, { dtype: type?.dtype ?? 'float32', shape });
    this.views.set(output, { source, perm });
    return source;
  }

  private widened(value: Value, missing: number): Value {
    const name = freshName(this.graph, `${value}/widened`);
    const axes = addConstant(this.graph, `${name}/axes`, int64(...Array.from({ length: missing }, (_, i) => i)));
    const type = this.graph.types.get(value);
    const shape = type?.shape == null ? null : [...new Array<number>(missing).fill(1), ...type.shape];
    this.graph.types.set(name, { dtype: type?.dtype ?? 'float32', shape });
    this.out.push({ op: 'Unsqueeze', name, inputs: [value, axes], outputs: [name], attrs: {} });
    return name;
  }

  /** Makes a transposition, once; a reshape where only dimensions of size 1 move. */
  private transposition(source: Value, perm: readonly number[], wanted?: Value): Value {
    const key = `${perm.join()}|${source}`;
    const known = this.made.get(key);
    if (known !== undefined) return known;
    const name = wanted ?? freshName(this.graph, `${source}/transposed`);
    const type = this.graph.types.get(source);
    const shape = type?.shape == null ? null : perm.map((axis) => type.shape?.[axis] ?? -1);
    if (!this.graph.types.has(name)) this.graph.types.set(name, { dtype: type?.dtype ?? 'float32', shape });
    const target = reshapeTarget(type?.shape ?? null, perm);
    if (target === undefined)
      this.out.push({ op: 'Transpose', name, inputs: [source], outputs: [name], attrs: { perm } });
    else {
      const vector = addConstant(this.graph, `${name}/shape`, int64(...target));
      this.out.push({ op: 'Reshape', name, inputs: [source, vector], outputs: [name], attrs: {} });
    }
    this.made.set(key, name);
    return name;
  }
}

/** The shape that a reshape needs to do what the permutation does, where it moves nothing but ones. */
function reshapeTarget(shape: readonly number[] | null, perm: readonly number[]): readonly number[] | undefined {
  if (shape === null || !movesOnlyOnes(shape, perm)) return undefined;
  const target = perm.map((axis, i) => {
    const size = shape[axis] ?? -1;
    return size >= 0 ? size : axis === i ? 0 : -1;
  });
  // What is left for a -1 is found by division, so nothing else may turn out to be 0.
  const found = target.filter((size) => size < 0).length;
  return found > 1 || (found === 1 && target.includes(0)) || shape.includes(0) ? undefined : target;
}

/** True where all dimensions but those of size 1 keep their order. */
export function movesOnlyOnes(shape: readonly number[], perm: readonly number[]): boolean {
  const order = perm.filter((axis) => shape[axis] !== 1);
  return order.every((axis, i) => i === 0 || axis > (order[i - 1] ?? -1));
}

export function inverse(perm: readonly number[]): number[] {
  const result = new Array<number>(perm.length).fill(0);
  perm.forEach((axis, i) => {
    result[axis] = i;
  });
  return result;
}

/** First `first`, then `second`. */
function chain(first: readonly number[], second: readonly number[]): number[] {
  return second.map((axis) => first[axis] ?? 0);
}

function samePerm(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((axis, i) => axis === b[i]);
}

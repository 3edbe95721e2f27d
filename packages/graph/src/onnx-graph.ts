/**
 * The small mutable ONNX graph that lowerings fill and the compiler's passes rewrite: nodes in topological order, constants by
 * name, and what is known of values' types. A value is its name.
 */
import type { DType } from './dtype.ts';
import type { Tensor, TensorSpec } from './tensor.ts';

export type Value = string;

/** `1` is written as an int, `{ f: 1 }` as a float, `[1, 1]` as ints, `'x'` as a string. */
export type OnnxAttr = number | readonly number[] | string | { readonly f: number };

export interface OnnxNode {
  op: string;
  /** Whose op it is, where it is not ONNX's own. */
  domain?: 'com.microsoft';
  /** Name of the TensorFlow node it came from, for messages and profiles. */
  name: string;
  /** An empty name is an absent optional input. */
  inputs: Value[];
  outputs: Value[];
  attrs: Record<string, OnnxAttr>;
  /**
   * Subgraphs of a Loop or an If, by attribute. They share `constants` and `types` with the graph that they are in and use its values
   * freely (no name occurs twice in all of them).
   */
  bodies?: Readonly<Record<string, OnnxGraph>>;
  /** An If whose branches give the same: its condition only says whether the first, the faster one, may be taken. */
  interchangeable?: boolean;
  /** A node that serves such a condition and nothing else. */
  guard?: boolean;
}

export interface ValueType {
  readonly dtype: DType;
  /** -1 where a dimension is unknown; null for an unknown rank. */
  readonly shape: readonly number[] | null;
}

export interface OnnxGraph {
  readonly opset: number;
  nodes: OnnxNode[];
  readonly constants: Map<Value, Tensor>;
  readonly types: Map<Value, ValueType>;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

export function emptyGraph(opset: number, inputs: readonly TensorSpec[], outputs: readonly TensorSpec[]): OnnxGraph {
  const types = new Map<Value, ValueType>(inputs.map((input) => [input.name, input]));
  return { opset, nodes: [], constants: new Map(), types, inputs, outputs };
}

/** A subgraph of `graph`, empty so far. */
export function bodyOf(graph: OnnxGraph, inputs: readonly TensorSpec[]): OnnxGraph {
  for (const input of inputs) graph.types.set(input.name, input);
  return { ...graph, nodes: [], inputs, outputs: [] };
}

/** A subgraph with these values as its outputs. The engine wants each of them to be made inside, under a name of its own. */
export function withOutputs(body: OnnxGraph, values: readonly Value[], types: readonly ValueType[]): OnnxGraph {
  const made = new Set(body.nodes.flatMap((node) => node.outputs));
  const outputs = values.map((value, i) => {
    const type = types[i] as ValueType;
    const name = made.delete(value) ? value : handedOn(body, value, type);
    return { name, ...type };
  });
  return { ...body, outputs };
}

function handedOn(body: OnnxGraph, value: Value, type: ValueType): Value {
  const name = freshName(body, `${value}/out`);
  body.types.set(name, type);
  body.nodes.push({ op: 'Identity', name, inputs: [value], outputs: [name], attrs: {} });
  return name;
}

/** A graph and all subgraphs in it, outer ones first. */
export function* graphsIn(graph: OnnxGraph): Generator<OnnxGraph> {
  yield graph;
  for (const node of graph.nodes) for (const body of bodiesOf(node)) yield* graphsIn(body);
}

/** The subgraphs of a node. */
export function bodiesOf(node: OnnxNode): readonly OnnxGraph[] {
  return node.bodies === undefined ? [] : Object.values(node.bodies);
}

/** Every value that the subgraphs of a node use, whether they make it or the graph around them. */
export function usedInside(node: OnnxNode): ReadonlySet<Value> {
  const used = new Set<Value>();
  for (const body of bodiesOf(node)) for (const value of usedIn(body)) used.add(value);
  return used;
}

/** The same of one subgraph. */
export function usedIn(body: OnnxGraph): ReadonlySet<Value> {
  const used = new Set(body.outputs.map(({ name }) => name));
  for (const inner of body.nodes) {
    for (const input of inner.inputs) if (input !== '') used.add(input);
    for (const value of usedInside(inner)) used.add(value);
  }
  return used;
}

/** Has a node, and its subgraphs, use other values in the place of some. */
export function renameInputs(node: OnnxNode, rename: (value: Value) => Value): void {
  node.inputs = node.inputs.map(rename);
  for (const body of bodiesOf(node)) for (const inner of body.nodes) renameInputs(inner, rename);
}

/** A value's rank, or undefined. */
export function rankOf(graph: OnnxGraph, value: Value): number | undefined {
  return graph.constants.get(value)?.shape.length ?? graph.types.get(value)?.shape?.length;
}

/** The last number behind each base, so that the many outputs of one node are not tried from the first on. By `types`, which bodies share. */
const numbers = new WeakMap<OnnxGraph['types'], Map<string, number>>();

/** A name no value has yet, made from `base`. */
export function freshName({ constants, types }: OnnxGraph, base: string): Value {
  const isTaken = (name: Value): boolean => constants.has(name) || types.has(name);
  if (!isTaken(base)) return base;
  const last = numbers.get(types) ?? new Map<string, number>();
  numbers.set(types, last);
  let n = (last.get(base) ?? 1) + 1;
  while (isTaken(`${base}/${n}`)) n++;
  last.set(base, n);
  return `${base}/${n}`;
}

/** Adds a constant under a fresh name. */
export function addConstant(graph: OnnxGraph, base: string, tensor: Tensor): Value {
  const name = freshName(graph, base);
  graph.constants.set(name, tensor);
  return name;
}

/** How many nodes (and outputs of the graph) use each value, and who. What is used in a subgraph has no single user here. */
export interface Uses {
  readonly count: ReadonlyMap<Value, number>;
  /** The node that uses a value, where it is the only use. */
  readonly only: ReadonlyMap<Value, OnnxNode>;
}

export function usesOf(graph: OnnxGraph): Uses {
  const count = new Map<Value, number>();
  const only = new Map<Value, OnnxNode>();
  const use = (value: Value, node?: OnnxNode): void => {
    const seen = count.get(value) ?? 0;
    count.set(value, seen + 1);
    if (seen === 0 && node !== undefined) only.set(value, node);
    else only.delete(value);
  };
  for (const node of graph.nodes) {
    for (const input of node.inputs) if (input !== '') use(input, node);
    for (const value of usedInside(node)) use(value);
  }
  for (const output of graph.outputs) use(output.name);
  return { count, only };
}

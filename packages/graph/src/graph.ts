/**
 * The immutable graph that readers make, freezing and passes transform, and writers store. It is TensorFlow's own: nodes keep the
 * names, ops, inputs and attributes of the NodeDef, so a graph that no pass touched is written back as it was read.
 */
import type { DType } from './dtype.ts';
import { dtypeFromTf } from './dtype.ts';
import { type ErrorCode, FloeError, invalid } from './errors.ts';
import type { AttrValue, FunctionDef, GraphDef, ListValue, NodeDef, VersionDef } from './proto/tensorflow.ts';

export type Node = NodeDef;

export interface Graph {
  readonly nodes: readonly Node[];
  readonly byName: ReadonlyMap<string, Node>;
  readonly functions: ReadonlyMap<string, FunctionDef>;
  readonly versions: VersionDef | undefined;
}

/** Indexes nodes and functions. Throws INVALID_ARGUMENT where two nodes share a name. */
export function graphOf(
  nodes: readonly Node[],
  functions: ReadonlyMap<string, FunctionDef> = new Map(),
  versions?: VersionDef,
): Graph {
  const byName = new Map<string, Node>();
  for (const node of nodes) {
    if (byName.has(node.name)) throw invalid(`two nodes are named ${node.name}`, { node: node.name, op: node.op });
    byName.set(node.name, node);
  }
  return { nodes, byName, functions, versions };
}

export function graphFromDef(def: GraphDef): Graph {
  const functions = new Map<string, FunctionDef>();
  for (const fn of def.library?.function ?? []) {
    if (fn.signature !== undefined) functions.set(fn.signature.name, fn);
  }
  return graphOf(def.node, functions, def.versions);
}

export function graphToDef(graph: Graph): GraphDef {
  const library = graph.functions.size === 0 ? undefined : { function: [...graph.functions.values()] };
  return { node: graph.nodes, versions: graph.versions, library };
}

/** One end of an edge: an output of a node, or the node itself for a control edge. */
export interface Endpoint {
  readonly node: string;
  /** Output number; -1 for a control edge. */
  readonly index: number;
}

/** Parses a node input or tensor name: `x` and `x:0` are the same tensor, `^x` is a control edge. */
export function endpoint(name: string): Endpoint {
  if (name.startsWith('^')) return { node: name.slice(1), index: -1 };
  const colon = name.lastIndexOf(':');
  if (colon < 0) return { node: name, index: 0 };
  const digits = name.slice(colon + 1);
  if (!/^\d{1,9}$/.test(digits))
    throw invalid(`${JSON.stringify(name)} is no tensor name (node or node:output)`, { tensor: name });
  return { node: name.slice(0, colon), index: Number(digits) };
}

/** `x:0` for both `x` and `x:0`. */
export function tensorName(name: string): string {
  const { node, index } = endpoint(name);
  return `${node}:${index}`;
}

const EMPTY_ATTR: AttrValue = {
  list: undefined,
  s: undefined,
  i: undefined,
  f: undefined,
  b: undefined,
  type: undefined,
  shape: undefined,
  tensor: undefined,
  func: undefined,
  placeholder: undefined,
};

/** An attribute with one property set: `attrOf({ type: 1 })`. */
export function attrOf(value: Partial<AttrValue>): AttrValue {
  return { ...EMPTY_ATTR, ...value };
}

const EMPTY_LIST: ListValue = { s: [], i: [], f: [], b: [], type: [], shape: [], tensor: [], func: [] };

/** A list attribute with one property set: `attrOfList({ type: [1, 3] })`. */
export function attrOfList(value: Partial<ListValue>): AttrValue {
  return attrOf({ list: { ...EMPTY_LIST, ...value } });
}

/** Typed access to the attributes of a node; every miss names the node, its op and the attribute. */
export class Attrs {
  private readonly node: Node;

  constructor(node: Node) {
    this.node = node;
  }

  int(name: string, fallback?: number): number {
    const value = this.node.attr.get(name)?.i;
    return value === undefined ? this.required(name, fallback) : Number(value);
  }

  ints(name: string, fallback?: readonly number[]): readonly number[] {
    const value = this.node.attr.get(name)?.list;
    return value === undefined ? this.required(name, fallback) : value.i.map(Number);
  }

  float(name: string, fallback?: number): number {
    return this.node.attr.get(name)?.f ?? this.required(name, fallback);
  }

  bool(name: string, fallback?: boolean): boolean {
    return this.node.attr.get(name)?.b ?? this.required(name, fallback);
  }

  string(name: string, fallback?: string): string {
    const value = this.node.attr.get(name)?.s;
    return value === undefined ? this.required(name, fallback) : new TextDecoder().decode(value);
  }

  dtype(name: string, fallback?: DType): DType {
    const code = this.node.attr.get(name)?.type;
    if (code === undefined) return this.required(name, fallback);
    const dtype = dtypeFromTf(code);
    if (dtype === undefined)
      throw this.wrong(name, `has dtype number ${code}, which Floe does not know`, 'UNIMPLEMENTED');
    return dtype;
  }

  /** Dimensions, -1 where unknown; null for an unknown rank or an absent attribute. */
  shape(name: string): readonly number[] | null {
    const shape = this.node.attr.get(name)?.shape;
    return shape === undefined || shape.unknown_rank ? null : shape.dim.map((dim) => dim.size);
  }

  private required<T>(name: string, fallback: T | undefined): T {
    if (fallback === undefined) throw this.wrong(name, 'is missing');
    return fallback;
  }

  private wrong(name: string, what: string, code: ErrorCode = 'INVALID_ARGUMENT'): FloeError {
    const { name: node, op } = this.node;
    return new FloeError(code, `attribute ${name} of node ${node} (${op}) ${what}`, { node, op, field: name });
  }
}

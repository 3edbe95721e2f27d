/** A part of a graph cut out as a function: followed back from its results to where it begins. */
import { endpoint, type Graph, graphOf, type Node, tensorName } from '../graph.ts';
import { outputRef } from '../inline/op-types.ts';
import { dataInputs, freeName, isControl } from '../inline/walk.ts';
import type { ArgDef, FunctionDef } from '../proto/tensorflow.ts';

export interface Piece {
  /** Has a Placeholder for each argument. */
  readonly graph: Graph;
  /** Names of those, in the order of what is given. */
  readonly args: readonly string[];
  readonly results: readonly string[];
}

/** What pieces take from outside; grows while they are cut. */
export class Given {
  private readonly numbers = new Map<string, number>();

  /** The argument that a tensor of the graph around is given as. */
  number(outer: string): number {
    const known = this.numbers.get(outer);
    if (known !== undefined) return known;
    this.numbers.set(outer, this.numbers.size);
    return this.numbers.size - 1;
  }

  get tensors(): readonly string[] {
    return [...this.numbers.keys()];
  }
}

/** Says of a tensor that a piece reaches which argument it is; undefined where it is computed inside. */
export type Boundary = (tensor: string, source: Node) => number | undefined;

/**
 * Cuts out what `results` need. Control edges are followed too, since they say in which branch a constant is; those that lead over
 * the boundary are dropped. Several pieces may take from one outside, so how many arguments there are is said when all are cut.
 */
export class Cut {
  private readonly byName: ReadonlyMap<string, Node>;
  private readonly boundary: Boundary;
  private readonly inside = new Map<string, Node>();
  private readonly args = new Map<number, string>();
  private readonly results: readonly string[];

  constructor(byName: ReadonlyMap<string, Node>, results: readonly string[], boundary: Boundary) {
    this.byName = byName;
    this.boundary = boundary;
    const pending: string[] = [];
    this.results = results.map((result) => tensorName(this.reach(result, pending)));
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) this.take(name, pending);
  }

  /** The piece with `count` arguments. */
  piece(count: number, functions: Graph['functions']): Piece {
    const args = Array.from({ length: count }, (_, i) => this.argument(i));
    return {
      graph: graphOf([...args.map(placeholder), ...this.inside.values()], functions),
      args,
      results: this.results,
    };
  }

  private take(name: string, pending: string[]): void {
    const node = this.byName.get(name);
    if (node === undefined || this.inside.has(name)) return;
    this.inside.set(name, node);
    const input = node.input.flatMap((each) => {
      if (!isControl(each)) return [this.reach(each, pending)];
      if (this.crosses(each.slice(1))) return [];
      pending.push(each.slice(1));
      return [each];
    });
    this.inside.set(name, { ...node, input });
  }

  private reach(tensor: string, pending: string[]): string {
    const { node: name } = endpoint(tensor);
    const source = this.byName.get(name);
    const number = source === undefined ? undefined : this.boundary(tensorName(tensor), source);
    if (number !== undefined) return this.argument(number);
    pending.push(name);
    return tensor;
  }

  private argument(number: number): string {
    const known = this.args.get(number);
    if (known !== undefined) return known;
    const taken = new Set(this.args.values());
    const name = freeName({ has: (wanted) => taken.has(wanted) || this.byName.has(wanted) }, `argument_${number}`);
    this.args.set(number, name);
    return name;
  }

  /** True where a node is not inside. */
  private crosses(name: string): boolean {
    const node = this.byName.get(name);
    return node === undefined || [0, 1].some((index) => this.boundary(`${name}:${index}`, node) !== undefined);
  }
}

function placeholder(name: string): Node {
  return { name, op: 'Placeholder', input: [], device: '', attr: new Map() };
}

/** The piece as a function; its arguments are not typed. */
export function functionOf({ graph, args, results }: Piece, name: string): FunctionDef {
  const given = new Set(args);
  const ref = (tensor: string): string => {
    const { node, index } = endpoint(tensor);
    const source = graph.byName.get(node);
    return given.has(node) || source === undefined ? node : outputRef(source, index, graph.functions);
  };
  const body = graph.nodes
    .filter((node) => !given.has(node.name))
    .map((node) => ({ ...node, input: dataInputs(node).map(ref) }));
  const signature = {
    name,
    input_arg: args.map(untyped),
    output_arg: results.map((_, i) => untyped(`result_${i}`)),
    control_output: [],
    attr: [],
    is_stateful: false,
  };
  const ret = new Map(results.map((result, i) => [`result_${i}`, ref(result)]));
  return { signature, attr: new Map(), node_def: body, ret, control_ret: new Map() };
}

function untyped(name: string): ArgDef {
  return { name, type: 0, type_attr: '', number_attr: '', type_list_attr: '' };
}

/**
 * The parts of a graph that run on the host, before and after the engine: they are one graph, in which what the engine gives is given.
 * Only what is asked for is computed.
 *
 *   const program = new HostProgram(graph, ports);
 *   const values = program.start(feeds);
 *   const engineFeeds = await values.get(['ids:0']);
 *   values.give('logits:0', logits);
 *   const [classes] = await values.get(['classes:0']);
 */
import { evaluateNode } from '../analysis/index.ts';
import { constValue } from '../constants.ts';
import { FloeError } from '../errors.ts';
import { endpoint, type Graph, type Node, tensorName } from '../graph.ts';
import type { Tensor } from '../tensor.ts';
import { HostNode, type HostPorts, type HostValue } from './host-op.ts';
import { HOST_OPS } from './ops/index.ts';
import { IMPORTS, TABLES, tableOf } from './ops/table.ts';

type Values = Map<string, HostValue>;

export class HostProgram {
  private readonly nodes: ReadonlyMap<string, HostNode>;
  private readonly order: readonly Node[];
  /** Constants and tables. */
  private readonly fixed: Values = new Map();

  /** The nodes have to stand in an order in which they can be computed. Throws INVALID_ARGUMENT where a table contradicts itself. */
  constructor(graph: Graph, ports: HostPorts) {
    this.order = graph.nodes;
    this.nodes = new Map(graph.nodes.map((node) => [node.name, new HostNode(node, ports)]));
    for (const node of graph.nodes) if (node.op === 'Const') this.fixed.set(`${node.name}:0`, constValue(node));
    for (const node of graph.nodes) if (IMPORTS.has(node.op)) this.fill(node);
  }

  start(feeds: ReadonlyMap<string, Tensor>): Evaluation {
    return new Evaluation(this.nodes, this.order, new Map([...this.fixed, ...feeds]));
  }

  private fill({ name, input: [handle = '', keys = '', values = ''] }: Node): void {
    const [from, to] = [keys, values].map((input) => this.fixed.get(tensorName(input)));
    if (from === undefined || to === undefined || !('dtype' in from) || !('dtype' in to))
      throw new FloeError('INVALID_ARGUMENT', `node ${name} fills a table with what is no constant`, { node: name });
    const { node } = endpoint(handle);
    this.fixed.set(`${node}:0`, tableOf(node, from, to));
  }
}

/** One run. */
export class Evaluation {
  private readonly nodes: ReadonlyMap<string, HostNode>;
  private readonly order: readonly Node[];
  private readonly values: Values;

  constructor(nodes: ReadonlyMap<string, HostNode>, order: readonly Node[], values: Values) {
    this.nodes = nodes;
    this.order = order;
    this.values = values;
  }

  give(tensor: string, value: Tensor): void {
    this.values.set(tensor, value);
  }

  /** Throws what ops throw, and INVALID_ARGUMENT for a table that nothing has filled. */
  async get(tensors: readonly string[]): Promise<readonly Tensor[]> {
    const needed = this.neededFor(tensors);
    for (const { name } of this.order) if (needed.has(name)) await this.compute(this.nodes.get(name) as HostNode);
    return tensors.map((tensor) => {
      const value = this.values.get(tensor);
      if (value === undefined || !('dtype' in value)) throw missing(tensor);
      return value;
    });
  }

  /** Nodes before these tensors whose values are not there yet. */
  private neededFor(tensors: readonly string[]): ReadonlySet<string> {
    const open = tensors.filter((tensor) => !this.values.has(tensor)).map((tensor) => endpoint(tensor).node);
    const needed = new Set(open);
    for (const name of needed) {
      for (const input of this.nodes.get(name)?.node.input ?? []) {
        if (!input.startsWith('^') && !this.values.has(tensorName(input))) needed.add(endpoint(input).node);
      }
    }
    return needed;
  }

  private async compute(host: HostNode): Promise<void> {
    const { node } = host;
    const inputs = node.input.filter((input) => !input.startsWith('^')).map((input) => this.valueOf(input));
    const outputs = await run(host, inputs);
    for (const [i, value] of outputs.entries()) this.values.set(`${node.name}:${i}`, value);
  }

  private valueOf(input: string): HostValue {
    const value = this.values.get(tensorName(input));
    if (value === undefined) throw missing(tensorName(input));
    return value;
  }
}

function run(host: HostNode, inputs: readonly HostValue[]): readonly HostValue[] | Promise<readonly HostValue[]> {
  const { op, name } = host.node;
  if (TABLES.has(op))
    throw new FloeError('FAILED_PRECONDITION', `table ${name} is not initialized`, { node: name, op });
  const isText = inputs.some((value) => 'dtype' in value && value.dtype === 'string');
  const own = HOST_OPS[op];
  if (own !== undefined && (isText || !hasEvaluator(op))) return own(host, inputs);
  return evaluateNode(host.node, inputs as readonly Tensor[]);
}

/** Ops of which the evaluators know the numbers and the host the strings. */
function hasEvaluator(op: string): boolean {
  return op === 'Equal' || op === 'NotEqual';
}

function missing(tensor: string): FloeError {
  return new FloeError('INTERNAL', `the host has no value for ${tensor}`, { tensor });
}

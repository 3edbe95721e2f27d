/**
 * Which part of a graph runs where. Strings, vocabularies and serialised messages are the host's; what stands before them runs on the
 * host too, before the engine, and what follows from both them and an engine's result runs on the host after it:
 *
 *   serialized -> ParseExample -> [age] -> MatMul ... ArgMax -> [best] -> LookupTableFind -> [classes]
 *                 head                     core                           tail
 *
 * A graph that would have to go back from the tail to the engine is refused, naming the nodes.
 */
import { type Analysis, analyse } from '../analysis/index.ts';
import type { DType } from '../dtype.ts';
import { FloeError } from '../errors.ts';
import { subgraph } from '../freeze/subgraph.ts';
import { endpoint, type Graph, graphOf, type Node, tensorName } from '../graph.ts';
import { isHostOnly, runsOnHost } from '../host/ops/index.ts';
import { IMPORTS, TABLES } from '../host/ops/table.ts';
import { dataInputs, isControl } from '../inline/walk.ts';
import type { TensorSpec } from '../tensor.ts';
import { LOWERINGS } from './ops/index.ts';
import { Refusals, unsupported } from './refusals.ts';

export interface Division {
  /** Nodes of head and tail, in an order in which they can be computed; what is fed, and what the engine gives, has no node here. */
  readonly host: Graph;
  /** What the engine's part is compiled from. */
  readonly core: Graph;
  /** What it is fed with and asked for; nothing where all runs on the host. */
  readonly feeds: readonly TensorSpec[];
  readonly fetches: readonly string[];
  /** For each tensor that was asked for, in order: its type, and the name that it has in host or core. */
  readonly outputs: readonly (TensorSpec & { readonly source: string })[];
}

/** Dtypes that no engine has. */
const HOST_TYPES: ReadonlySet<DType> = new Set<DType>(['string', 'resource']);
const THROUGH = 'strings do not go through it: feed what is made of them instead (--inputs)';
const BEHIND = 'it computes in the engine what depends on strings that were made of what the engine gave';

/** Undefined where the engine can run the whole graph. Throws UNIMPLEMENTED naming all nodes that neither the host nor the engine runs. */
export function divide(graph: Graph, feeds: readonly TensorSpec[], fetches: readonly string[]): Division | undefined {
  const hasStrings = feeds.some(({ dtype }) => dtype === 'string');
  if (!hasStrings && !graph.nodes.some(({ op }) => isHostOnly(op))) return undefined;
  const inputs = feeds.map((feed) => ({ ...feed, name: tensorName(feed.name) }));
  const wanted = [...new Set(fetches.map(tensorName))];
  const { graph: cut, feeds: placeholders } = subgraph(
    graph,
    inputs.map(({ name }) => name),
    wanted,
  );
  for (const [tensor, node] of placeholders) if (tensor !== `${node}:0`) throw partlyFed(tensor);
  const types = new Map(inputs.map(({ name, dtype, shape }) => [name, { dtype, shape }]));
  const { graph: core, source } = withoutBundles(cut);
  const divider = new Divider(core, analyse(core, types), new Set(types.keys()));
  return divider.touchesHost ? divider.divide(graph, wanted, source) : undefined;
}

/** What of a graph is compiled for the engine, and whether that is all of it; undefined where nothing is. Throws as `divide` does. */
export function enginePart(
  graph: Graph,
  feeds: readonly TensorSpec[],
  fetches: readonly string[],
): { graph: Graph; feeds: readonly TensorSpec[]; fetches: readonly string[]; whole: boolean } | undefined {
  const division = divide(graph, feeds, fetches);
  if (division === undefined) return { graph, feeds, fetches, whole: true };
  if (division.fetches.length === 0) return undefined;
  return { graph: division.core, feeds: division.feeds, fetches: division.fetches, whole: false };
}

/** An IdentityN bundles tensors of the host's with those of the engine's: its users take each from where it comes. */
function withoutBundles(graph: Graph): { readonly graph: Graph; readonly source: (tensor: string) => string } {
  const source = (tensor: string): string => {
    let name = tensorName(tensor);
    for (let steps = graph.nodes.length; steps > 0; steps--) {
      const { node, index } = endpoint(name);
      const bundle = graph.byName.get(node);
      if (bundle?.op !== 'IdentityN') break;
      name = tensorName(bundle.input[index] ?? '');
    }
    return name;
  };
  const nodes = graph.nodes
    .filter(({ op }) => op !== 'IdentityN')
    .map((node) => ({ ...node, input: node.input.map((input) => (isControl(input) ? input : source(input))) }));
  return { graph: graphOf(nodes, graph.functions, graph.versions), source };
}

function partlyFed(tensor: string): FloeError {
  const message = `${tensor} is fed while other outputs of its node are computed, which is not supported beside strings`;
  return new FloeError('UNIMPLEMENTED', message, { tensor });
}

class Divider {
  private readonly graph: Graph;
  private readonly analysis: Analysis;
  private readonly fed: ReadonlySet<string>;
  /** Nodes that only the host can run. */
  private readonly own = new Set<string>();
  /** Nodes of which something before them, or they themselves, needs the engine. */
  private readonly late = new Set<string>();
  /** Nodes that run on the host after the engine. */
  private readonly tail = new Set<string>();

  constructor(graph: Graph, analysis: Analysis, fed: ReadonlySet<string>) {
    this.graph = graph;
    this.analysis = analysis;
    this.fed = fed;
    const refusals = new Refusals();
    for (const node of analysis.order) if (!fed.has(`${node.name}:0`)) this.place(node, refusals);
    refusals.report();
  }

  get touchesHost(): boolean {
    return this.own.size > 0;
  }

  divide(whole: Graph, asked: readonly string[], source: (tensor: string) => string): Division {
    const wanted = [...new Set(asked.map(source))];
    const onHost = (tensor: string): boolean => this.isHosts(endpoint(tensor).node);
    const hosted = wanted.filter((tensor) => !this.fed.has(tensor) && onHost(tensor));
    const core = new Set(wanted.filter((tensor) => !hosted.includes(tensor) && !this.fed.has(tensor)));
    const tail = this.nodesFor(hosted);
    for (const node of tail) for (const input of dataInputs(node)) if (this.isCores(input)) core.add(tensorName(input));
    const feeds = this.feedsOf([...core]);
    const head = this.nodesFor(feeds.filter((tensor) => !this.fed.has(tensor)));
    const nodes = new Set([...head, ...tail].map(({ name }) => name));
    const ordered = this.analysis.order.filter(({ name }) => nodes.has(name));
    return {
      host: graphOf([...fillings(whole, ordered), ...ordered]),
      feeds: feeds.map((name) => ({ name, ...this.analysis.type(name) })),
      core: this.graph,
      fetches: [...core],
      outputs: asked.map((name) => ({ name, source: source(name), ...this.analysis.type(source(name)) })),
    };
  }

  private place(node: Node, refusals: Refusals): void {
    const sources = dataInputs(node).map((input) => endpoint(input).node);
    const isOwn = isHostOnly(node.op) || this.touchesText(node);
    const able = runsOnHost(node.op);
    if (isOwn) this.own.add(node.name);
    if (!able || sources.some((source) => this.late.has(source))) this.late.add(node.name);
    if (sources.some((source) => this.tail.has(source)) || (isOwn && this.late.has(node.name))) {
      this.tail.add(node.name);
      if (!able) refusals.add(node, isOwn ? whyNotText(node.op) : BEHIND);
    }
  }

  private touchesText(node: Node): boolean {
    const inputs = dataInputs(node).map(tensorName);
    return [...inputs, `${node.name}:0`].some((tensor) => HOST_TYPES.has(this.typeOf(tensor)));
  }

  private typeOf(tensor: string): DType {
    return this.analysis.type(tensor).dtype;
  }

  private isHosts(node: string): boolean {
    return this.own.has(node) || this.tail.has(node);
  }

  /** Whether a tensor that the host needs is the engine's to give. */
  private isCores(input: string): boolean {
    const { node } = endpoint(input);
    return this.late.has(node) && !this.tail.has(node);
  }

  /** Nodes that the host computes for these tensors. */
  private nodesFor(tensors: readonly string[]): readonly Node[] {
    const needed = new Set(tensors.map((tensor) => endpoint(tensor).node));
    for (const name of needed) {
      for (const input of dataInputs(this.node(name))) {
        if (!this.fed.has(tensorName(input)) && !this.isCores(input)) needed.add(endpoint(input).node);
      }
    }
    return [...needed].map((name) => this.node(name));
  }

  /** What the engine has to be given for these tensors: feeds, and what the head makes. */
  private feedsOf(core: readonly string[]): readonly string[] {
    const feeds = new Set<string>();
    const seen = new Set<string>();
    const visit = (tensor: string): void => {
      const { node } = endpoint(tensor);
      if (this.fed.has(tensor) || this.own.has(node)) feeds.add(tensor);
      else seen.add(node);
    };
    for (const tensor of core) visit(tensor);
    for (const name of seen) for (const input of dataInputs(this.node(name))) visit(tensorName(input));
    return [...feeds].sort();
  }

  private node(name: string): Node {
    return this.graph.byName.get(name) as Node;
  }
}

/** Why an op that only the host could run does not run there. */
function whyNotText(op: string): string {
  return LOWERINGS.has(op) ? THROUGH : unsupported(op);
}

/** The nodes that fill these tables, and the constants that they fill them with. */
function fillings(whole: Graph, hosted: readonly Node[]): readonly Node[] {
  const tables = new Set(hosted.filter(({ op }) => TABLES.has(op)).map(({ name }) => name));
  const present = new Set(hosted.map(({ name }) => name));
  const added = new Map<string, Node>();
  for (const node of whole.nodes) {
    const [handle = '', ...contents] = node.input;
    if (!IMPORTS.has(node.op) || !tables.has(endpoint(handle).node)) continue;
    for (const input of contents) {
      const constant = whole.byName.get(endpoint(input).node);
      if (constant !== undefined && !present.has(constant.name)) added.set(constant.name, constant);
    }
    added.set(node.name, node);
  }
  return [...added.values()];
}

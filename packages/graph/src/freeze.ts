/**
 * Freezing: from a model as its file has it to one graph that needs no checkpoint.
 *
 *   const frozen = await freeze(await readSource('resnet50'));
 *
 * Nothing is optimised: what the outputs need stays as it is, under its name. What they do not need goes, calls of functions are
 * inlined, variables become constants that are equal bit by bit to the checkpoint's, vocabularies are filled from constants, and
 * control edges go where they only order side effects.
 */
import { topologicalOrder } from './analysis/order.ts';
import { invalid } from './errors.ts';
import { setPlaceholders } from './freeze/placeholders.ts';
import { dropControlEdges } from './freeze/placement.ts';
import { type FreezeOptions, signaturesToFreeze } from './freeze/request.ts';
import { subgraph } from './freeze/subgraph.ts';
import { withTables } from './freeze/tables.ts';
import { freezeVariables } from './freeze/variables.ts';
import { endpoint, type Graph, graphOf, tensorName } from './graph.ts';
import { inlineCalls } from './inline/index.ts';
import { ancestors } from './inline/walk.ts';
import type { CheckpointMetadata, Signature, Source } from './source.ts';
import type { TensorSpec } from './tensor.ts';

export type { Setting } from './freeze/placeholders.ts';
export type { FreezeOptions } from './freeze/request.ts';

export interface Frozen {
  readonly graph: Graph;
  readonly signatures: Readonly<Record<string, Signature>>;
  readonly checkpoint: CheckpointMetadata;
  /** Asset files that the model came with; see `Source`. */
  readonly assets: readonly string[];
}

/** Attributes that tie a node to another one or to a device. */
const TIES = '_class';

/**
 * Throws NOT_FOUND (missing functions, variables without a value), INVALID_ARGUMENT (unknown names, malformed or cyclic graphs,
 * placeholders that nothing feeds), UNIMPLEMENTED (nodes that cannot be frozen, all named), DATA_LOSS and OUT_OF_RANGE.
 */
export async function freeze(source: Source, options: FreezeOptions = {}): Promise<Frozen> {
  const graph = setPlaceholders(source.graph, options.set ?? {});
  const asked = signaturesToFreeze(source, graph, options);
  const { graph: cut, signatures } = cutInputs(graph, asked, options.inputs !== undefined);
  const needed = prune(dropControlEdges(prune(cut, signatures), topologicalOrder), signatures);
  const flat = prune(dropControlEdges(inlineCalls(needed), topologicalOrder), signatures);
  const constant = prune(await freezeVariables(flat, source), signatures);
  checkFed(constant, signatures);
  topologicalOrder(constant);
  const filled = await withTables(constant, source);
  return { graph: untied(filled), signatures, checkpoint: source.checkpoint, assets: source.assets };
}

type Signatures = Readonly<Record<string, Signature>>;

/**
 * Inputs become placeholders, whatever they were: those that the caller named, and those of a model's signatures that are inner tensors
 * which no other signature computes.
 */
function cutInputs(graph: Graph, asked: Signatures, named: boolean): { graph: Graph; signatures: Signatures } {
  const all = Object.values(asked);
  const inputs = all.flatMap((signature) => Object.values(signature.inputs).map(({ name }) => name));
  const computed = new Set(all.flatMap((signature) => [...neededBy(graph, signature)]));
  const feeds = named ? inputs : inputs.filter((name) => isInner(graph, name) && !computed.has(endpoint(name).node));
  if (feeds.length === 0) return { graph, signatures: asked };
  const fetches = all.flatMap(({ outputs }) => Object.values(outputs).map(({ name }) => name));
  const others = inputs.filter((name) => !feeds.includes(name));
  const cut = subgraph(graph, feeds, [...fetches, ...others]);
  const moved = (spec: TensorSpec): TensorSpec => {
    const placeholder = cut.feeds.get(tensorName(spec.name));
    return placeholder === undefined ? spec : { ...spec, name: `${placeholder}:0` };
  };
  const each = (specs: Signature['inputs']) =>
    Object.fromEntries(Object.entries(specs).map(([key, spec]) => [key, moved(spec)]));
  const signatures = Object.entries(asked).map(([key, signature]) => {
    return [key, { ...signature, inputs: each(signature.inputs), outputs: each(signature.outputs) }];
  });
  return { graph: cut.graph, signatures: Object.fromEntries(signatures) };
}

function isInner(graph: Graph, name: string): boolean {
  return !/^Placeholder/.test(graph.byName.get(endpoint(name).node)?.op ?? '');
}

/** Names of the nodes that a signature computes, and of its inputs where those are nodes that it needs. */
function neededBy(graph: Graph, { inputs, outputs }: Signature): ReadonlySet<string> {
  const fed = new Set(Object.values(inputs).map(({ name }) => endpoint(name).node));
  const needed = new Set(
    ancestors(
      graph,
      Object.values(outputs).map(({ name }) => endpoint(name).node),
      (node) => fed.has(node.name),
    ),
  );
  for (const name of fed) needed.delete(name);
  return needed;
}

/** Keeps what the outputs need, and the inputs. */
function prune(graph: Graph, signatures: Signatures): Graph {
  const roots = Object.values(signatures).flatMap(({ inputs, outputs }) => [
    ...Object.values(outputs),
    ...Object.values(inputs),
  ]);
  const needed = ancestors(
    graph,
    roots.map(({ name }) => endpoint(name).node),
  );
  return graphOf(
    graph.nodes.filter((node) => needed.has(node.name)),
    graph.functions,
    graph.versions,
  );
}

/** Every placeholder that is left has to be an input of the signatures that need it. */
function checkFed(graph: Graph, signatures: Signatures): void {
  const needed = new Set(Object.values(signatures).flatMap((signature) => [...neededBy(graph, signature)]));
  const unfed = graph.nodes.filter((node) => needed.has(node.name) && /^Placeholder(V2)?$/.test(node.op));
  if (unfed.length === 0) return;
  const names = unfed.map(({ name }) => name);
  throw invalid(
    `the outputs need ${names.join(', ')}, which nothing feeds: fix a value (--set ${names[0]}=...) or name it as an input (--inputs)`,
    unfed.map(({ name, op }) => ({ node: name, op, tensor: `${name}:0` })),
  );
}

/** Without devices, and without wishes to share a device with nodes that may be gone. */
function untied(graph: Graph): Graph {
  const nodes = graph.nodes.map((node) => {
    if (node.device === '' && !node.attr.has(TIES)) return node;
    const attr = new Map(node.attr);
    attr.delete(TIES);
    return { ...node, device: '', attr };
  });
  return graphOf(nodes, graph.functions, graph.versions);
}

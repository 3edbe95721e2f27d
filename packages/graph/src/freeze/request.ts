/** What is to be frozen: signatures of the model, or tensors by name as the classic `freeze_graph` takes them. */
import { FloeError, invalid } from '../errors.ts';
import { endpoint, type Graph, tensorName } from '../graph.ts';
import { outputDType } from '../inline/op-types.ts';
import { ancestors } from '../inline/walk.ts';
import { nearest } from '../nearest.ts';
import type { Signature, Source } from '../source.ts';
import type { TensorSpec } from '../tensor.ts';
import type { Setting } from './placeholders.ts';
import { checkNames, specOf } from './subgraph.ts';

export interface FreezeOptions {
  /** Keys of the signatures to keep; default: all. */
  readonly signatures?: readonly string[];
  /** Names of nodes or tensors, instead of signatures. */
  readonly outputs?: readonly string[];
  /** Tensors to feed; default, with `outputs`: the placeholders that they need, those with a default only where there are no others. */
  readonly inputs?: readonly string[];
  /** Values for placeholders that become constants. */
  readonly set?: Readonly<Record<string, Setting>>;
}

/** The signature that a graph frozen by node names gets. */
const DEFAULT_KEY = 'serving_default';
const METHOD = 'tensorflow/serving/predict';
const PLACEHOLDER = /^Placeholder(V2|WithDefault)?$/;
/** Not offered where outputs have to be named: they end a graph without being an answer. */
const NO_ANSWER =
  /^(NoOp|Const|Placeholder.*|Assign.*|Save.*|Restore.*|Assert|.*Summary.*|VarHandleOp|Variable.*|VarIsInitializedOp)$/;

/** Throws INVALID_ARGUMENT (unknown signatures or tensors, both kinds asked for, or neither to be had). */
export function signaturesToFreeze(
  source: Source,
  graph: Graph,
  options: FreezeOptions,
): Readonly<Record<string, Signature>> {
  if (options.outputs !== undefined && options.outputs.length > 0) {
    if (options.signatures !== undefined)
      throw invalid('name either signatures or outputs, not both', { field: 'outputs' });
    return {
      [DEFAULT_KEY]: byNames(
        graph,
        options.outputs,
        options.inputs,
        new Set(Object.keys(options.set ?? {}).map(tensorName)),
      ),
    };
  }
  if (options.inputs !== undefined)
    throw invalid('inputs can be named only together with outputs', { field: 'inputs' });
  const keys = options.signatures ?? Object.keys(source.signatures);
  if (keys.length === 0) throw noSignature(graph);
  const chosen = Object.fromEntries(keys.map((key) => [key, signatureAt(source, key)]));
  for (const { inputs, outputs } of Object.values(chosen)) {
    checkNames(
      graph,
      [...Object.values(inputs), ...Object.values(outputs)].map(({ name }) => name),
    );
  }
  return withoutSet(chosen, graph);
}

/** A placeholder that is set is no input any more. */
function withoutSet(
  signatures: Readonly<Record<string, Signature>>,
  graph: Graph,
): Readonly<Record<string, Signature>> {
  const fixed = (spec: TensorSpec): boolean => graph.byName.get(endpoint(spec.name).node)?.op === 'Const';
  const entries = Object.entries(signatures).map(([key, signature]) => {
    const inputs = Object.fromEntries(Object.entries(signature.inputs).filter(([, spec]) => !fixed(spec)));
    return [key, { ...signature, inputs }];
  });
  return Object.fromEntries(entries);
}

function signatureAt(source: Source, key: string): Signature {
  if (Object.hasOwn(source.signatures, key) || key in source.signatures) return source.signatures[key] as Signature;
  const have = Object.keys(source.signatures);
  const near = nearest(key, have);
  const hint = have.length === 0 ? 'it has none' : `it has ${(near.length > 0 ? near : have.slice(0, 10)).join(', ')}`;
  throw new FloeError('INVALID_ARGUMENT', `the model has no signature ${key}: ${hint}`, { field: 'signatures' });
}

function byNames(
  graph: Graph,
  outputs: readonly string[],
  inputs: readonly string[] | undefined,
  set: ReadonlySet<string>,
): Signature {
  checkNames(graph, [...outputs, ...(inputs ?? [])]);
  const fed = new Set((inputs ?? []).map((name) => endpoint(name).node));
  const found = inputs ?? placeholdersBefore(graph, outputs, fed);
  const wanted = found.filter((name) => !set.has(tensorName(name)));
  return { methodName: METHOD, inputs: specs(graph, wanted), outputs: specs(graph, outputs) };
}

function placeholdersBefore(graph: Graph, outputs: readonly string[], named: ReadonlySet<string>): readonly string[] {
  const needed = ancestors(
    graph,
    outputs.map((name) => endpoint(name).node),
    (node) => named.has(node.name),
  );
  const found = graph.nodes.filter((node) => needed.has(node.name) && PLACEHOLDER.test(node.op));
  // A default is what everybody leaves as it is (whether to drop out, how much to keep), unless a graph has no other inputs.
  const fed = found.filter((node) => node.op !== 'PlaceholderWithDefault');
  return (fed.length > 0 ? fed : found).map((node) => node.name);
}

function specs(graph: Graph, names: readonly string[]): Record<string, TensorSpec> {
  const out = new Map<string, TensorSpec>();
  for (const name of names) {
    const { node: wanted, index } = endpoint(name);
    const node = graph.byName.get(wanted);
    const spec = node === undefined ? undefined : specOf(node, index);
    if (node === undefined || spec === undefined || outputDType(node, index) === undefined) {
      throw invalid(`the dtype of ${name} (${node?.op ?? 'no node'}) is unknown`, {
        tensor: name,
        ...(node === undefined ? {} : { node: node.name, op: node.op }),
      });
    }
    out.set(name.replace(/:0$/, ''), spec);
  }
  return Object.fromEntries(out);
}

function noSignature(graph: Graph): FloeError {
  const used = new Set(graph.nodes.flatMap((node) => node.input.map((input) => endpoint(input).node)));
  const ends = graph.nodes.filter((node) => !used.has(node.name) && !NO_ANSWER.test(node.op)).map((node) => node.name);
  const hint = ends.length === 0 ? '' : `; the graph ends in ${ends.slice(0, 10).join(', ')}`;
  return invalid(`the model has no signature, so name its outputs (--outputs a,b)${hint}`, { field: 'outputs' });
}

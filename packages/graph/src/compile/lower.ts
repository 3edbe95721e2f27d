/** Lowers a TensorFlow graph node by node into an ONNX graph. */
import type { Analysis } from '../analysis/index.ts';
import type { DType } from '../dtype.ts';
import { FloeError, invalid } from '../errors.ts';
import { endpoint, type Graph, type Node } from '../graph.ts';
import { ancestors } from '../inline/walk.ts';
import { emptyGraph, freshName, type OnnxGraph, type OnnxNode, renameInputs, type Value } from '../onnx-graph.ts';
import type { TensorSpec } from '../tensor.ts';
import { Lowering, type LowerRegion, type Surroundings } from './lowering.ts';
import { LOWERINGS } from './ops/index.ts';
import { Refusals, unsupported } from './refusals.ts';

/** Nodes that make no value at run time: constants enter the graph where they are used. */
const SILENT = new Set(['Const', 'NoOp', 'Placeholder']);

/** Dtypes for which the engine has no kernels at all. */
const FOREIGN: ReadonlySet<DType> = new Set<DType>(['bfloat16', 'complex64', 'complex128', 'resource', 'variant']);

/** What goes in and out, by canonical names, and under which name the graph has it (a fed tensor is a placeholder there). */
export interface Boundary {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly string[];
  readonly inner: (tensor: string) => string;
}

/** Throws one UNIMPLEMENTED error for all nodes that cannot be compiled. */
export function lower(
  graph: Graph,
  analysis: Analysis,
  { inputs, outputs: names, inner }: Boundary,
  opset: number,
): OnnxGraph {
  const outputs = names.map((name) => ({ name, ...analysis.type(inner(name)) }));
  const onnx = emptyGraph(opset, inputs, outputs);
  const values = new Map<string, Value>(inputs.map(({ name }) => [inner(name), name]));
  const fed = new Set(inputs.map((input) => input.name));
  const refusals = new Refusals();
  lowerInto({ onnx, analysis, values, fed }, graph, names.map(inner), refusals);
  refusals.report();
  for (const output of outputs) expose(onnx, output, inner(output.name), values, analysis);
  return onnx;
}

/** A graph on its way into an ONNX graph. */
interface Target {
  readonly onnx: OnnxGraph;
  readonly analysis: Analysis;
  /** What stands for each tensor. */
  readonly values: Map<string, Value>;
  /** Tensors that are given: they keep their names. */
  readonly fed: ReadonlySet<string>;
}

function lowerInto(target: Target, graph: Graph, fetches: readonly string[], refusals: Refusals): void {
  const { analysis, values } = target;
  const used = usedOutputs(graph, fetches);
  const around: Surroundings = { analysis, values, lowerRegion: regionsLowered(refusals) };
  const needed = ancestors(
    graph,
    fetches.map((fetch) => endpoint(fetch).node),
  );
  for (const node of analysis.order) {
    if (SILENT.has(node.op) || !needed.has(node.name) || isKnown(node, analysis, used)) continue;
    const dtypes = (used.get(node.name) ?? []).map((index) => analysis.type(`${node.name}:${index}`).dtype);
    const results = lowerNode(node, target.onnx, around, refusals, dtypes) ?? standIns(node, used);
    name(node, results, target);
  }
}

function regionsLowered(refusals: Refusals): LowerRegion {
  return ({ graph, analysis, args, results }, given, onnx) => {
    const values = new Map<string, Value>();
    args.forEach((arg, i) => {
      const value = given[i];
      if (value !== undefined) values.set(arg, value);
    });
    lowerInto({ onnx, analysis, values, fed: new Set(args) }, graph, results, refusals);
    return results.map((result) => values.get(result) ?? constantIn(onnx, result, analysis));
  };
}

/** A constant that a region returns. */
function constantIn(onnx: OnnxGraph, tensor: string, analysis: Analysis): Value {
  const constant = analysis.constant(tensor);
  if (constant === undefined) throw invalid(`tensor ${tensor} has no value`, { tensor });
  onnx.constants.set(tensor, constant);
  return tensor;
}

/** Which outputs of each node are asked for. */
function usedOutputs(graph: Graph, fetches: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const used = new Map<string, number[]>();
  const add = (tensor: string): void => {
    const { node, index } = endpoint(tensor);
    if (index < 0) return;
    const list = used.get(node);
    if (list === undefined) used.set(node, [index]);
    else if (!list.includes(index)) list.push(index);
  };
  for (const node of graph.nodes) for (const input of node.input) add(input);
  for (const fetch of fetches) add(fetch);
  return used;
}

function isKnown(node: Node, analysis: Analysis, used: ReadonlyMap<string, readonly number[]>): boolean {
  return (used.get(node.name) ?? []).every((index) => analysis.constant(`${node.name}:${index}`) !== undefined);
}

/** Undefined where the node was refused. */
function lowerNode(
  node: Node,
  onnx: OnnxGraph,
  around: Surroundings,
  refusals: Refusals,
  dtypes: readonly DType[],
): Emitted | undefined {
  const lowering = LOWERINGS.get(node.op);
  if (lowering === undefined) {
    refusals.add(node, unsupported(node.op));
    return undefined;
  }
  const foreign = dtypes.find((dtype) => FOREIGN.has(dtype));
  if (foreign !== undefined && node.op !== 'Cast') {
    refusals.addUnlessBehind(node, `the engine computes nothing in ${foreign}`);
    return undefined;
  }
  const first = onnx.nodes.length;
  try {
    const result = lowering(new Lowering(node, onnx, around));
    return { values: typeof result === 'string' ? [result] : result, nodes: onnx.nodes.slice(first) };
  } catch (error) {
    if (!(error instanceof FloeError)) throw contradiction(node, error);
    if (error.code !== 'UNIMPLEMENTED') throw error;
    refusals.addUnlessBehind(node, error.message);
    return undefined;
  }
}

/** Attributes that no analysis checked and that make no sense together, such as a size of half an element. */
function contradiction({ name, op }: Node, error: unknown): FloeError {
  const reason = error instanceof Error ? error.message : String(error);
  return new FloeError(
    'INVALID_ARGUMENT',
    `node ${name} (${op}) cannot be right: ${reason}`,
    { node: name, op, reason },
    error,
  );
}

interface Emitted {
  readonly values: readonly Value[];
  readonly nodes: readonly OnnxNode[];
}

/** Names for the results of a refused node, so that the rest is still looked at. */
function standIns(node: Node, used: ReadonlyMap<string, readonly number[]>): Emitted {
  const count = Math.max(0, ...(used.get(node.name) ?? []).map((index) => index + 1));
  return { values: Array.from({ length: count }, (_, i) => `${node.name}:${i}`), nodes: [] };
}

/** Gives each value that this node made the name of the tensor it is; feeds keep theirs. */
function name(node: Node, { values: results, nodes }: Emitted, { onnx, analysis, values, fed }: Target): void {
  const made = new Set(nodes.flatMap((emitted) => emitted.outputs));
  const renamed = new Map<Value, Value>();
  results.forEach((value, index) => {
    const tensor = `${node.name}:${index}`;
    if (fed.has(tensor)) return;
    if (made.has(value) && !renamed.has(value)) {
      renamed.set(value, tensor);
      onnx.types.delete(value);
      onnx.types.set(tensor, analysis.type(tensor));
    }
    values.set(tensor, renamed.get(value) ?? value);
  });
  if (renamed.size === 0) return;
  for (const emitted of nodes) {
    renameInputs(emitted, (value) => renamed.get(value) ?? value);
    emitted.outputs = emitted.outputs.map((value) => renamed.get(value) ?? value);
  }
}

/** Makes a fetched tensor an output of the graph: by an Identity where it is a constant or has another name. */
function expose(
  onnx: OnnxGraph,
  output: TensorSpec,
  tensor: string,
  values: ReadonlyMap<string, Value>,
  analysis: Analysis,
): void {
  const { name, dtype, shape } = output;
  const value = values.get(tensor) ?? constantFor(onnx, tensor, analysis);
  if (value === name) return;
  onnx.nodes.push({ op: 'Identity', name, inputs: [value], outputs: [name], attrs: {} });
  onnx.types.set(name, { dtype, shape });
}

/** A fetched constant under a name of its own: the tensor's is that of the output. */
function constantFor(onnx: OnnxGraph, tensor: string, analysis: Analysis): Value {
  const constant = analysis.constant(tensor);
  if (constant === undefined)
    throw invalid(`tensor ${tensor} has no value: it is a placeholder that is not fed`, { tensor });
  const known = onnx.constants.get(tensor);
  const name = freshName(onnx, `${tensor}/value`);
  onnx.constants.set(name, constant);
  if (known === undefined) return name;
  onnx.constants.delete(tensor);
  for (const node of onnx.nodes) renameInputs(node, (input) => (input === tensor ? name : input));
  return name;
}

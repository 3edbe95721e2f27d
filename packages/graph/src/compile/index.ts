/**
 * Compiles a frozen TensorFlow graph to ONNX: cut to what is asked for, fold, lower op by op, then rewrite the ONNX graph for the
 * engine (channels first throughout, normalisation folded into convolutions).
 *
 *     const { model, weights } = compile(graph, [{ name: 'x:0', dtype: 'float32', shape: [-1, 28, 28, 1] }], ['probs:0']);
 */
import { analyse, type Feeds } from '../analysis/index.ts';
import { measureOnnx } from '../cost/index.ts';
import { invalid } from '../errors.ts';
import { subgraph } from '../freeze/subgraph.ts';
import { endpoint, type Graph, tensorName } from '../graph.ts';
import { withoutDequantize } from '../inline/dequantize.ts';
import { withoutFused } from '../inline/fused.ts';
import { outputDType } from '../inline/op-types.ts';
import { graphsIn, type OnnxGraph } from '../onnx-graph.ts';
import { optimise } from '../passes/index.ts';
import { raiseControlFlow } from '../raise/index.ts';
import type { TensorSpec } from '../tensor.ts';
import { writeOnnx } from '../write/onnx.ts';
import { batchNames } from './batch-names.ts';
import { lower } from './lower.ts';
import { optimiseOnnx } from './passes/index.ts';
import { type RowIndependence, rowIndependence } from './row-independent.ts';

export type { RowIndependence } from './row-independent.ts';

/** The newest set whose ops all have the engine's fused and blocked kernels. */
const DEFAULT_OPSET = 18;
const OPSETS = [13, 23] as const;

export interface CompileOptions {
  /** ONNX operator set, 13 to 23. */
  readonly opset?: number;
  /** Told of each stage in order, while the graph is as that stage left it: it must be looked at there and then. */
  readonly onPass?: (stage: Stage) => void;
}

/** A graph on its way: `cut` to what is asked for, after each of TensorFlow's passes, `lower`ed, after each of ONNX's passes. */
export type Stage =
  | { readonly name: string; readonly kind: 'tensorflow'; readonly graph: Graph; readonly feeds: Feeds }
  | { readonly name: string; readonly kind: 'onnx'; readonly graph: OnnxGraph };

export interface CompiledGraph {
  /** An ONNX ModelProto; weights of 1 KiB and more are in `weights.bin` beside it. */
  readonly model: Uint8Array;
  /**
   * The pieces of `weights.bin` in order, padding included: each weight at a page boundary, large ones at 64 KiB. Each is made when it is
   * taken, and valid until the next one is.
   */
  readonly weights: Iterable<Uint8Array>;
  /** Length of `weights.bin`; 0 where all weights are inside the model. */
  readonly weightsBytes: number;
  /** Names are canonical tensor names (`x:0`). */
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Whether rows of the batch (dimension 0 of every input and output) do not influence each other. */
  readonly rowIndependent: RowIndependence;
  /** Floating-point operations for one row; undefined where dimensions other than the batch are unknown. */
  readonly flops: number | undefined;
  /** Whether equal inputs give equal outputs. */
  readonly deterministic: boolean;
}

/**
 * Throws UNIMPLEMENTED with one detail {node, op, reason} for each node that cannot be compiled, INVALID_ARGUMENT naming node and op
 * where the graph contradicts itself.
 */
export function compile(
  graph: Graph,
  feeds: readonly TensorSpec[],
  fetches: readonly string[],
  options: CompileOptions = {},
): CompiledGraph {
  const opset = options.opset ?? DEFAULT_OPSET;
  if (!Number.isInteger(opset) || opset < OPSETS[0] || opset > OPSETS[1]) {
    throw invalid(`operator set ${opset} is not one of ${OPSETS[0]} to ${OPSETS[1]}`, { field: 'opset' });
  }
  const { onPass = () => {} } = options;
  const { onnx, dims } = lowered(graph, feeds, fetches, { opset, onPass });
  optimiseOnnx(onnx, (name) => onPass({ name, kind: 'onnx', graph: onnx }));
  const rowIndependent = rowIndependence(onnx);
  const { flops, assumed } = measureOnnx(onnx);
  const files = writeOnnx(onnx, batchNames(onnx, dims));
  const { inputs, outputs } = onnx;
  const deterministic = isDeterministic(onnx);
  return { ...files, inputs, outputs, rowIndependent, flops: assumed === 0 ? flops : undefined, deterministic };
}

/** Random numbers with a seed are computed like any others. */
function isDeterministic(onnx: OnnxGraph): boolean {
  return [...graphsIn(onnx)].every(({ nodes }) => nodes.every(({ op }) => !op.startsWith('Random')));
}

interface Lowered {
  readonly onnx: OnnxGraph;
  /** Dimensions of an input or output, unknown ones told apart. */
  readonly dims: (tensor: string) => readonly number[] | null;
}

function lowered(
  graph: Graph,
  feeds: readonly TensorSpec[],
  fetches: readonly string[],
  { opset, onPass }: Required<CompileOptions>,
): Lowered {
  const inputs = unique(feeds.map((feed) => ({ ...feed, name: tensorName(feed.name) })));
  const wanted = [...new Set(fetches.map(tensorName))];
  for (const input of inputs) checkFeed(graph, input);
  const cut = subgraph(
    graph,
    inputs.map((input) => input.name),
    wanted,
  );
  const inner = (tensor: string): string => tensorName(cut.feeds.get(tensor) ?? tensor);
  const types = new Map(inputs.map(({ name, dtype, shape }) => [inner(name), { dtype, shape }]));
  const observe = (name: string, current: Graph): void => {
    onPass({ name, kind: 'tensorflow', graph: current, feeds: types });
  };
  observe('cut', cut.graph);
  const keep = new Set(wanted.map(inner));
  const plain = withoutDequantize(withoutFused(cut.graph));
  observe('take-apart-fused', plain);
  const raised = raiseControlFlow(plain, keep);
  observe('raise-control-flow', raised);
  const folded = optimise(raised, keep, types, observe);
  const analysis = analyse(folded, types);
  const boundary = { inputs, outputs: wanted, inner };
  const onnx = lower(folded, analysis, boundary, opset);
  onPass({ name: 'lower', kind: 'onnx', graph: onnx });
  return { onnx, dims: (tensor) => analysis.dims(inner(tensor)) };
}

/** Throws INVALID_ARGUMENT for a feed of another dtype than its node states. */
function checkFeed(graph: Graph, { name, dtype }: TensorSpec): void {
  const { node: source, index } = endpoint(name);
  const node = graph.byName.get(source);
  const stated = node === undefined ? undefined : outputDType(node, index);
  if (node === undefined || stated === undefined || stated === dtype) return;
  throw invalid(`${name} is ${stated} and cannot be fed with ${dtype}`, { tensor: name, node: source, op: node.op });
}

function unique(feeds: readonly TensorSpec[]): readonly TensorSpec[] {
  const seen = new Set<string>();
  for (const { name } of feeds) {
    if (seen.has(name)) throw invalid(`tensor ${name} is fed twice`, { tensor: name });
    seen.add(name);
  }
  return feeds;
}

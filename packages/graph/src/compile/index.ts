/**
 * Compiles a frozen TensorFlow graph to ONNX: cut to what is asked for, fold, lower op by op, then rewrite the ONNX graph for the
 * engine (channels first throughout, normalisation folded into convolutions).
 *
 *     const { model, weights } = compile(graph, [{ name: 'x:0', dtype: 'float32', shape: [-1, 28, 28, 1] }], ['probs:0']);
 */
import { analyse } from '../analysis/index.ts';
import { invalid } from '../errors.ts';
import { subgraph } from '../freeze/subgraph.ts';
import { type Graph, tensorName } from '../graph.ts';
import type { OnnxGraph } from '../onnx-graph.ts';
import { optimise } from '../passes/index.ts';
import type { TensorSpec } from '../tensor.ts';
import { writeOnnx } from '../write/onnx.ts';
import { batchNames } from './batch-names.ts';
import { lower } from './lower.ts';
import { foldAffine } from './passes/affine.ts';
import { normaliseLeftovers } from './passes/batch-norm.ts';
import { removeDead } from './passes/dead.ts';
import { poolGlobally } from './passes/global-pool.ts';
import { pushTransposes } from './passes/layout.ts';
import { foldPads } from './passes/pad.ts';
import { type RowIndependence, rowIndependence } from './row-independent.ts';

export type { RowIndependence } from './row-independent.ts';

/** The newest set whose ops all have the engine's fused and blocked kernels. */
const DEFAULT_OPSET = 18;
const OPSETS = [13, 23] as const;

export interface CompileOptions {
  /** ONNX operator set, 13 to 23. */
  readonly opset?: number;
}

export interface CompiledGraph {
  /** An ONNX ModelProto; weights of 1 KiB and more are in `weights.bin` beside it. */
  readonly model: Uint8Array;
  /** The pieces of `weights.bin` in order, padding included: each weight at a page boundary, large ones at 64 KiB. */
  readonly weights: readonly Uint8Array[];
  /** Names are canonical tensor names (`x:0`). */
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Whether rows of the batch (dimension 0 of every input and output) do not influence each other. */
  readonly rowIndependent: RowIndependence;
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
  const { onnx, dims } = lowered(graph, feeds, fetches, opset);
  optimiseOnnx(onnx);
  const rowIndependent = rowIndependence(onnx);
  const files = writeOnnx(onnx, batchNames(onnx, dims));
  const { inputs, outputs } = onnx;
  // No op that draws random numbers can be compiled.
  return { ...files, inputs, outputs, rowIndependent, deterministic: true };
}

interface Lowered {
  readonly onnx: OnnxGraph;
  /** Dimensions of an input or output, unknown ones told apart. */
  readonly dims: (tensor: string) => readonly number[] | null;
}

function lowered(graph: Graph, feeds: readonly TensorSpec[], fetches: readonly string[], opset: number): Lowered {
  const inputs = unique(feeds.map((feed) => ({ ...feed, name: tensorName(feed.name) })));
  const wanted = [...new Set(fetches.map(tensorName))];
  const cut = subgraph(
    graph,
    inputs.map((input) => input.name),
    wanted,
  );
  const inner = (tensor: string): string => tensorName(cut.feeds.get(tensor) ?? tensor);
  const types = new Map(inputs.map(({ name, dtype, shape }) => [inner(name), { dtype, shape }]));
  const folded = optimise(cut.graph, new Set(wanted.map(inner)), types);
  const analysis = analyse(folded, types);
  const boundary = { inputs, outputs: wanted, inner };
  return { onnx: lower(folded, analysis, boundary, opset), dims: (tensor) => analysis.dims(inner(tensor)) };
}

function unique(feeds: readonly TensorSpec[]): readonly TensorSpec[] {
  const seen = new Set<string>();
  for (const { name } of feeds) {
    if (seen.has(name)) throw invalid(`tensor ${name} is fed twice`, { tensor: name });
    seen.add(name);
  }
  return feeds;
}

function optimiseOnnx(graph: OnnxGraph): void {
  pushTransposes(graph);
  removeDead(graph);
  foldPads(graph);
  foldAffine(graph);
  normaliseLeftovers(graph);
  poolGlobally(graph);
  removeDead(graph);
}

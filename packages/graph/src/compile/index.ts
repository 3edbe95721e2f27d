/**
 * Compiles a frozen TensorFlow graph to ONNX: cut to what is asked for, fold, lower op by op, then rewrite the ONNX graph for the
 * engine (channels first throughout, normalisation folded into convolutions).
 *
 *     const { model, weights } = compile(graph, [{ name: 'x:0', dtype: 'float32', shape: [-1, 28, 28, 1] }], ['probs:0']);
 */
import { analyse } from '../analysis/index.ts';
import { invalid } from '../errors.ts';
import { type Graph, tensorName } from '../graph.ts';
import { optimise } from '../passes/index.ts';
import type { TensorSpec } from '../tensor.ts';
import { writeOnnx } from '../write/onnx.ts';
import { subgraph } from './cut.ts';
import { lower } from './lower.ts';
import type { OnnxGraph } from './onnx-graph.ts';
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
export function compile(graph: Graph, feeds: readonly TensorSpec[], fetches: readonly string[], options: CompileOptions = {}): CompiledGraph {
  const opset = options.opset ?? DEFAULT_OPSET;
  if (!Number.isInteger(opset) || opset < OPSETS[0] || opset > OPSETS[1]) {
    throw invalid(`operator set ${opset} is not one of ${OPSETS[0]} to ${OPSETS[1]}`, { field: 'opset' });
  }
  const onnx = optimised(lowered(graph, feeds, fetches, opset));
  const rows = rowIndependence(onnx);
  const files = writeOnnx(onnx, (spec, axis) => (axis === 0 && rows.batched.has(spec.name) ? 'batch' : undefined));
  const { inputs, outputs } = onnx;
  return { ...files, inputs, outputs, rowIndependent: rows.verdict, deterministic: true };
}

function lowered(graph: Graph, feeds: readonly TensorSpec[], fetches: readonly string[], opset: number): OnnxGraph {
  const inputs = unique(feeds.map((feed) => ({ ...feed, name: tensorName(feed.name) })));
  const wanted = [...new Set(fetches.map(tensorName))];
  const types = new Map(inputs.map(({ name, dtype, shape }) => [name, { dtype, shape }]));
  const cut = subgraph(graph, inputs, wanted);
  const folded = optimise(cut, new Set(wanted), types);
  return lower(folded, analyse(folded, types), inputs, wanted, opset);
}

function unique(feeds: readonly TensorSpec[]): readonly TensorSpec[] {
  const seen = new Set<string>();
  for (const { name } of feeds) {
    if (seen.has(name)) throw invalid(`tensor ${name} is fed twice`, { tensor: name });
    seen.add(name);
  }
  return feeds;
}

function optimised(graph: OnnxGraph): OnnxGraph {
  pushTransposes(graph);
  removeDead(graph);
  foldPads(graph);
  foldAffine(graph);
  normaliseLeftovers(graph);
  poolGlobally(graph);
  removeDead(graph);
  return graph;
}

/** Names of the dynamic first dimensions: `batch`, the same wherever it is the same, since the engine reuses buffers by them. */
import { isNamed } from '../analysis/dims.ts';
import type { OnnxGraph } from '../onnx-graph.ts';
import type { TensorSpec } from '../tensor.ts';

/**
 * The name of a dimension, if it has one: each input's unknown first dimension is its own (one may be 1 and broadcast to the other), and
 * an output has the name of the one that the analysis finds in it.
 */
export function batchNames(
  graph: OnnxGraph,
  dims: (tensor: string) => readonly number[] | null,
): (spec: TensorSpec, axis: number) => string | undefined {
  const names = new Map<number, string>();
  for (const { name } of graph.inputs) {
    const dim = dims(name)?.[0];
    if (dim !== undefined && isNamed(dim) && !names.has(dim))
      names.set(dim, names.size === 0 ? 'batch' : `batch_${names.size + 1}`);
  }
  return ({ name }, axis) => (axis === 0 ? names.get(dims(name)?.[0] ?? 0) : undefined);
}

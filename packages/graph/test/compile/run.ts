/** Compiles a graph and runs it through ONNX Runtime, for tests. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { type CompiledGraph, type CompileOptions, compile } from '../../src/compile/index.ts';
import type { Graph } from '../../src/graph.ts';
import { OnnxModel, type OnnxNodeProto } from '../../src/proto/onnx.ts';
import type { NumericData, Tensor } from '../../src/tensor.ts';

export type Feeds = Readonly<Record<string, Tensor>>;

/** The outputs, in order. Each feed's first dimension is dynamic unless `fixed`. */
export async function runGraph(
  graph: Graph,
  feeds: Feeds,
  fetches: readonly string[],
  options: CompileOptions = {},
): Promise<readonly Tensor[]> {
  const specs = Object.entries(feeds).map(([name, { dtype, shape }]) => ({
    name,
    dtype,
    shape: shape.map((dim, i) => (i === 0 ? -1 : dim)),
  }));
  return runCompiled(compile(graph, specs, fetches, options), feeds);
}

export async function runCompiled(compiled: CompiledGraph, feeds: Feeds): Promise<readonly Tensor[]> {
  const folder = mkdtempSync(join(tmpdir(), 'floe-compile-'));
  try {
    writeFileSync(join(folder, 'model.onnx'), compiled.model);
    writeFileSync(
      join(folder, 'weights.bin'),
      Buffer.concat(Array.from(compiled.weights, (piece) => Buffer.from(piece))),
    );
    const session = await InferenceSession.create(join(folder, 'model.onnx'), {
      logSeverityLevel: 4,
      intraOpNumThreads: 1,
    });
    const entries = Object.entries(feeds).map(
      ([name, { dtype, shape, data }]) =>
        [name, new OrtTensor(dtype as 'float32', data as Float32Array, shape)] as const,
    );
    const results = await session.run(Object.fromEntries(entries));
    const outputs = compiled.outputs.map(({ name, dtype }) => tensorOf(results[name], dtype));
    await session.release();
    return outputs;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function tensorOf(result: OrtTensor | undefined, dtype: Tensor['dtype']): Tensor {
  if (result === undefined) throw new Error('an output is missing');
  if (result.type !== dtype) throw new Error(`an output of ${dtype} came as ${result.type}`);
  return { dtype, shape: result.dims, data: result.data as NumericData };
}

export function nodesOf(compiled: CompiledGraph): readonly OnnxNodeProto[] {
  return OnnxModel.decode(compiled.model, 'model.onnx').graph?.node ?? [];
}

export function opsOf(compiled: CompiledGraph): readonly string[] {
  return nodesOf(compiled).map((node) => node.op_type);
}

export function numbersOf(tensor: Tensor | undefined): readonly number[] {
  return Array.from((tensor?.data ?? []) as ArrayLike<number | bigint>, Number);
}

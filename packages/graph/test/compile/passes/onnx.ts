/**
 * Small ONNX graphs for tests of passes, and what the engine answers to them: before a pass with all of the engine's own
 * optimisations off, after it with all of them on, as in production.
 */
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { expect } from 'vitest';
import type { DType } from '../../../src/dtype.ts';
import { graphsIn, type OnnxGraph, type OnnxNode, type Value, type ValueType } from '../../../src/onnx-graph.ts';
import type { NumericData, Tensor } from '../../../src/tensor.ts';
import { writeOnnx } from '../../../src/write/onnx.ts';
import { tensor } from '../../support/nodes.ts';

export type Types = Readonly<Record<Value, ValueType>>;
export type Tensors = Readonly<Record<Value, Tensor>>;

export interface Sketch {
  readonly inputs: Types;
  readonly outputs: Types;
  readonly nodes: readonly OnnxNode[];
  readonly constants?: Tensors;
  /** What is known of values in between. */
  readonly types?: Types;
  readonly opset?: number;
}

export function onnx({ inputs, outputs, nodes, constants = {}, types = {}, opset = 18 }: Sketch): OnnxGraph {
  return {
    opset,
    nodes: [...nodes],
    constants: new Map(Object.entries(constants)),
    types: new Map(Object.entries({ ...inputs, ...types, ...outputs })),
    inputs: Object.entries(inputs).map(([name, type]) => ({ name, ...type })),
    outputs: Object.entries(outputs).map(([name, type]) => ({ name, ...type })),
  };
}

/** A subgraph: `outer` is the graph whose constants and types it shares. */
export function body(outer: OnnxGraph, inputs: Types, outputs: Types, nodes: readonly OnnxNode[]): OnnxGraph {
  const inner = onnx({ inputs, outputs, nodes, opset: outer.opset });
  for (const [name, type] of inner.types) outer.types.set(name, type);
  return { ...inner, constants: outer.constants, types: outer.types };
}

export function op(
  name: string,
  inputs: readonly Value[],
  outputs: Value | readonly Value[],
  attrs: OnnxNode['attrs'] = {},
): OnnxNode {
  const list = typeof outputs === 'string' ? [outputs] : [...outputs];
  return { op: name, name: list[0] ?? name, inputs: [...inputs], outputs: list, attrs };
}

export function typed(dtype: DType, ...shape: readonly number[]): ValueType {
  return { dtype, shape };
}

export function float(...shape: readonly number[]): ValueType {
  return typed('float32', ...shape);
}

/** Numbers of both signs between -2 and 2, the same each time, other ones for another `seed`. */
export function wave(shape: readonly number[], seed = 1): Tensor {
  const size = shape.reduce((product, dim) => product * dim, 1);
  return tensor(
    'float32',
    shape,
    Array.from({ length: size }, (_, i) => Math.fround(2 * Math.sin(1 + i * 1.7 + seed * 2.3))),
  );
}

/** Names of the ops in the graph and its subgraphs, outer ones first. */
export function opsIn(graph: OnnxGraph): readonly string[] {
  return [...graphsIn(graph)].flatMap(({ nodes }) => nodes.map((node) => node.op));
}

export async function answers(graph: OnnxGraph, feeds: Tensors, level: 'disabled' | 'all'): Promise<readonly Tensor[]> {
  const { model, weights } = writeOnnx(graph, () => undefined);
  expect(Array.from(weights), 'constants are small enough to be inside the model').toEqual([]);
  const options = { graphOptimizationLevel: level, logSeverityLevel: 4, intraOpNumThreads: 1 } as const;
  const session = await InferenceSession.create(model, options);
  try {
    const results = await session.run(
      Object.fromEntries(Object.entries(feeds).map(([name, fed]) => [name, engineTensor(fed)])),
    );
    return graph.outputs.map(({ name }) => ourTensor(results[name] as OrtTensor));
  } finally {
    await session.release();
  }
}

function engineTensor({ dtype, data, shape }: Tensor): OrtTensor {
  return new OrtTensor(dtype as 'float32', data as Float32Array, shape);
}

function ourTensor({ type, dims, data }: OrtTensor): Tensor {
  return { dtype: type as DType, shape: dims, data: data as NumericData };
}

/** Equal in dtype and shape; elements within `tolerance` of the larger of 1 and what is wanted, NaN and infinities exactly. */
export function expectClose(actual: readonly Tensor[], wanted: readonly Tensor[], tolerance: number): void {
  const head = ({ dtype, shape }: Tensor): unknown => [dtype, shape];
  expect(actual.map(head)).toEqual(wanted.map(head));
  actual.forEach((each, i) => {
    const [got, want] = [numbers(each), numbers(wanted[i] as Tensor)];
    const wrong = want.findIndex((value, at) => !isClose(got[at] as number, value, tolerance));
    expect(wrong < 0 ? 'all are close' : `[${wrong}] is ${got[wrong]} and not ${want[wrong]}`).toBe('all are close');
  });
}

function isClose(got: number, want: number, tolerance: number): boolean {
  return Object.is(got, want) || got === want || Math.abs(got - want) <= tolerance * Math.max(1, Math.abs(want));
}

export function numbers({ data }: Tensor): readonly number[] {
  return Array.from(data as ArrayLike<number | bigint>, Number);
}

/** The graph after the pass, which is made on a copy. The engine has to give the same answers to both. */
export async function preserved(
  graph: OnnxGraph,
  pass: (graph: OnnxGraph) => void,
  feeds: Tensors,
  tolerance = 1e-5,
): Promise<OnnxGraph> {
  const after = structuredClone(graph);
  pass(after);
  const [actual, wanted] = [await answers(after, feeds, 'all'), await answers(graph, feeds, 'disabled')];
  expectClose(actual, wanted, tolerance);
  return after;
}

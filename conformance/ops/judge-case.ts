/** Compiles one case (see generate.py and nets.py), runs it through ONNX Runtime and tells how its outputs compare with TensorFlow's. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CompiledGraph, compile } from '../../packages/graph/src/compile/index.ts';
import type { DType } from '../../packages/graph/src/dtype.ts';
import { FloeError } from '../../packages/graph/src/errors.ts';
import { type Graph, graphFromDef } from '../../packages/graph/src/graph.ts';
import { inlineCalls } from '../../packages/graph/src/inline/index.ts';
import type { OnnxGraph } from '../../packages/graph/src/onnx-graph.ts';
import { GraphDef } from '../../packages/graph/src/proto/tensorflow.ts';

interface Ort {
  readonly InferenceSession: { create(path: string, options: object): Promise<Session> };
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => OrtTensor;
}
interface OrtTensor {
  readonly data: ArrayLike<number | bigint> & { readonly buffer: ArrayBuffer };
  readonly dims: readonly number[];
  readonly type: string;
}
interface Session {
  run(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}
/** The binding takes and gives half floats as bits only where Node has no array for them. */
const Float16Array = Reflect.get(globalThis, 'Float16Array') as new (buffer: ArrayBuffer) => ArrayLike<number>;
Reflect.deleteProperty(globalThis, 'Float16Array');
const ort = createRequire(new URL('../../packages/server/package.json', import.meta.url))('onnxruntime-node') as Ort;

interface Described {
  readonly name: string;
  readonly dtype: DType;
  readonly declared: readonly number[] | null;
  readonly shape: readonly number[];
}
interface Case {
  /** The op that the case is about, and of a random variant the dtype. */
  readonly op?: string;
  readonly dtype?: DType;
  /** What TensorFlow says where it reports an error instead of an answer. */
  readonly raises?: string;
  readonly feeds: readonly Described[];
  readonly fetches: readonly Described[];
}

/** How a case ended. `refused`: a typed error before the run; `raised`: an error of the run where TensorFlow has one too. */
export interface Outcome {
  readonly name: string;
  readonly op?: string;
  readonly dtype?: DType;
  readonly result: 'equal' | 'refused' | 'raised' | 'failed';
  /** Why it was refused or how it failed; of an equal one, how large the model is. */
  readonly note: string;
  /** ONNX ops that the op was lowered to. */
  readonly ops: readonly string[];
}

export interface Options {
  readonly tolerance: number;
  readonly opset?: number;
}

/** Of what is left to rounding: half floats have 11 bits, and TensorFlow rounds its intermediate values to them too. */
const LOOSER: Partial<Record<DType, number>> = { float16: 2000, float64: 1e-4 };

const ARRAYS: Partial<Record<DType, new (buffer: ArrayBuffer) => ArrayLike<number | bigint>>> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Float16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  int16: Int16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
};

function elements(path: string, dtype: DType): ArrayLike<number | bigint> {
  const array = ARRAYS[dtype];
  if (array === undefined) throw new Error(`no elements of ${dtype}`);
  const bytes = readFileSync(path);
  return new array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer);
}

/**
 * Greatest difference of two elements, relative to the larger of 1 and the wanted one; of fixed cases, to the tensor's greatest.
 * Infinity where shape, dtype, NaN or integers differ.
 */
function difference(want: Described, wanted: ArrayLike<number | bigint>, got: OrtTensor, eachAlone: boolean): number {
  if (got.type !== want.dtype || got.dims.join() !== want.shape.join() || got.data.length !== wanted.length)
    return Infinity;
  const exact = !want.dtype.startsWith('float');
  const given = want.dtype === 'float16' ? new Float16Array(got.data.buffer) : got.data;
  let scale = 1;
  let worst = 0;
  for (let i = 0; i < wanted.length; i++) {
    const [a, b] = [wanted[i] as number, given[i] as number];
    if (exact && a !== b) return Infinity;
    if (exact || Object.is(a, b)) continue;
    if (Number.isNaN(a) !== Number.isNaN(b)) return Infinity;
    if (Number.isFinite(a) && !eachAlone) scale = Math.max(scale, Math.abs(a));
    if (a !== b) worst = Math.max(worst, Math.abs(a - b) / (eachAlone ? Math.max(1, Math.abs(a)) : 1));
  }
  return Number.isNaN(worst) ? Infinity : worst / scale;
}

interface Compiled {
  readonly graph: CompiledGraph;
  readonly ops: readonly string[];
  readonly ms: number;
}

function compiledCase(folder: string, { op, feeds, fetches }: Case, { opset }: Options): Compiled {
  const started = performance.now();
  const source = inlineCalls(graphFromDef(GraphDef.decode(readFileSync(join(folder, 'graph.pb')), folder)));
  const specs = feeds.map(({ name, dtype, declared }) => ({ name, dtype, shape: declared }));
  const ops = new Set<string>();
  let last: Graph | undefined;
  const graph = compile(
    source,
    specs,
    fetches.map(({ name }) => name),
    {
      ...(opset === undefined ? {} : { opset }),
      onPass: (stage) => {
        if (stage.kind === 'tensorflow') last = stage.graph;
        else if (stage.name === 'lower' && op !== undefined) collect(stage.graph, last?.byName, op, ops);
      },
    },
  );
  return { graph, ops: [...ops].sort(), ms: performance.now() - started };
}

/** ONNX nodes carry the name of the node that they were made for. */
function collect(onnx: OnnxGraph, byName: Graph['byName'] | undefined, op: string, into: Set<string>): void {
  for (const node of onnx.nodes) {
    if (byName?.get(node.name)?.op === op) into.add(node.op);
    for (const body of Object.values(node.bodies ?? {})) collect(body, byName, op, into);
  }
}

async function runCompiled(compiled: CompiledGraph, inputs: Record<string, OrtTensor>) {
  const work = mkdtempSync(join(tmpdir(), 'floe-compare-'));
  try {
    writeFileSync(join(work, 'model.onnx'), compiled.model);
    const weights = Array.from(compiled.weights, (piece) => Buffer.from(piece));
    writeFileSync(join(work, 'weights.bin'), Buffer.concat(weights));
    const options = { logSeverityLevel: 4, intraOpNumThreads: 1 };
    const session = await ort.InferenceSession.create(join(work, 'model.onnx'), options);
    try {
      return await session.run(inputs);
    } finally {
      await session.release();
    }
  } finally {
    rmSync(work, { recursive: true });
  }
}

function inputsOf(folder: string, feeds: readonly Described[]): Record<string, OrtTensor> {
  const entries = feeds.map(({ name, dtype, shape }, i) => {
    const held = dtype === 'float16' ? 'uint16' : dtype;
    return [name, new ort.Tensor(dtype, elements(join(folder, `${i}.in`), held), shape)] as const;
  });
  return Object.fromEntries(entries);
}

export async function judgeCase(root: string, name: string, options: Options): Promise<Outcome> {
  const folder = join(root, name);
  const spec = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8')) as Case;
  const about = { name, ...(spec.op && { op: spec.op }), ...(spec.dtype && { dtype: spec.dtype }), ops: [] };
  let compiled: Compiled;
  try {
    compiled = compiledCase(folder, spec, options);
  } catch (error) {
    return { ...about, ...beforeTheRun(error, spec) };
  }
  const { graph, ops, ms } = compiled;
  try {
    const results = await runCompiled(graph, inputsOf(folder, spec.feeds));
    if (spec.raises !== undefined)
      return { ...about, ops, result: 'failed', note: `an answer where TensorFlow raises: ${spec.raises}` };
    const note = differing(folder, spec, results, options);
    if (note !== undefined) return { ...about, ops, result: 'failed', note };
    return { ...about, ops, result: 'equal', note: summary(graph, ms) };
  } catch (error) {
    if (spec.raises !== undefined) return { ...about, ops, result: 'raised', note: spec.raises };
    return { ...about, ops, result: 'failed', note: String(error).slice(0, 400) };
  }
}

/** A random variant may be refused, with an error that names the node, and any error will do where TensorFlow has one. */
function beforeTheRun(error: unknown, { op, dtype, raises }: Case): Pick<Outcome, 'result' | 'note'> {
  if (!(error instanceof FloeError)) return { result: 'failed', note: `not typed: ${String(error).slice(0, 300)}` };
  if (raises !== undefined) return { result: 'raised', note: raises };
  const [detail] = [error.details].flat() as { op?: string; node?: string; reason?: string }[];
  if (dtype === undefined || error.code !== 'UNIMPLEMENTED' || detail?.node === undefined)
    return { result: 'failed', note: `${error.code} ${error.message.slice(0, 300)}` };
  return { result: 'refused', note: `${detail.op === op ? '' : `${detail.op}: `}${detail.reason}` };
}

/** What differs more than it may, or undefined. */
function differing(
  folder: string,
  { fetches, dtype: drawn }: Case,
  results: Record<string, OrtTensor>,
  { tolerance }: Options,
): string | undefined {
  for (const [i, fetch] of fetches.entries()) {
    const got = results[fetch.name];
    if (got === undefined) return `${fetch.name} is missing`;
    const wanted = elements(join(folder, `${i}.out`), fetch.dtype);
    const worst = difference(fetch, wanted, got, drawn !== undefined);
    if (worst > tolerance * (drawn === undefined ? 1 : (LOOSER[fetch.dtype] ?? 1)))
      return `difference ${worst.toExponential(1)}; ${fetch.name} wanted ${fetch.dtype}[${fetch.shape}] ${sample(wanted)}, got ${got.type}[${got.dims}] ${sample(fetch.dtype === 'float16' ? new Float16Array(got.data.buffer) : got.data)}`;
  }
  return undefined;
}

/** Elements as far as they fit. */
function sample(values: ArrayLike<number | bigint>): string {
  return `(${Array.from(values as ArrayLike<number>)
    .slice(0, 12)
    .join(' ')})`;
}

function summary(compiled: CompiledGraph, ms: number): string {
  const { proved, reason } = compiled.rowIndependent;
  return `compiled in ${Math.round(ms)} ms, rows ${proved ? 'independent' : `dependent (${reason})`}`;
}

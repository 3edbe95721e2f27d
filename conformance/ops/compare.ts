/**
 * Compiles every case under DIR (see generate.py and nets.py), runs it through ONNX Runtime and compares with TensorFlow's outputs:
 * integers exactly, floats within 1e-5 of the larger of 1 and the tensor's greatest value.
 *
 *     node conformance/ops/compare.ts DIR [--tolerance 1e-4] [--opset N] [NAME...]
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type CompiledGraph, compile } from '../../packages/graph/src/compile/index.ts';
import type { DType } from '../../packages/graph/src/dtype.ts';
import { graphFromDef } from '../../packages/graph/src/graph.ts';
import { inlineCalls } from '../../packages/graph/src/inline/index.ts';
import { OnnxModel } from '../../packages/graph/src/proto/onnx.ts';
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
  readonly feeds: readonly Described[];
  readonly fetches: readonly Described[];
}

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

/** Greatest difference relative to the larger of 1 and the greatest finite value; Infinity where shape, dtype, NaN or integers differ. */
function difference(want: Described, wanted: ArrayLike<number | bigint>, got: OrtTensor): number {
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
    if (Number.isFinite(a)) scale = Math.max(scale, Math.abs(a));
    if (a !== b) worst = Math.max(worst, Math.abs(a - b));
  }
  return worst / scale;
}

async function runCase(
  folder: string,
  opset: number | undefined,
): Promise<{ worst: number; compiled: CompiledGraph; ms: number; differing: string }> {
  const spec = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8')) as Case;
  const started = performance.now();
  const graph = inlineCalls(graphFromDef(GraphDef.decode(readFileSync(join(folder, 'graph.pb')), folder)));
  const feeds = spec.feeds.map(({ name, dtype, declared }) => ({ name, dtype, shape: declared }));
  const fetches = spec.fetches.map(({ name }) => name);
  const compiled = compile(graph, feeds, fetches, opset === undefined ? {} : { opset });
  const ms = performance.now() - started;
  const work = mkdtempSync(join(tmpdir(), 'floe-compare-'));
  try {
    writeFileSync(join(work, 'model.onnx'), compiled.model);
    writeFileSync(
      join(work, 'weights.bin'),
      Buffer.concat(Array.from(compiled.weights, (piece) => Buffer.from(piece))),
    );
    const session = await ort.InferenceSession.create(join(work, 'model.onnx'), {
      logSeverityLevel: 3,
      intraOpNumThreads: 2,
    });
    const inputs: Record<string, OrtTensor> = {};
    spec.feeds.forEach((feed, i) => {
      const dtype = feed.dtype === 'float16' ? 'uint16' : feed.dtype;
      inputs[feed.name] = new ort.Tensor(feed.dtype, elements(join(folder, `${i}.in`), dtype), feed.shape);
    });
    const results = await session.run(inputs);
    const differences = spec.fetches.map((fetch, i) => {
      const result = results[fetch.name];
      return result === undefined
        ? Infinity
        : difference(fetch, elements(join(folder, `${i}.out`), fetch.dtype), result);
    });
    const at = differences.indexOf(Math.max(...differences));
    const bad = spec.fetches[at];
    const got = bad && results[bad.name];
    const differing = `${bad?.name} wanted ${bad?.dtype}[${bad?.shape}], got ${got?.type}[${got?.dims}]`;
    await session.release();
    return { worst: Math.max(...differences), compiled, ms, differing };
  } finally {
    rmSync(work, { recursive: true });
  }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      tolerance: { type: 'string', default: '1e-5' },
      opset: { type: 'string' },
      verbose: { type: 'boolean', default: false },
    },
  });
  const [root = '.', ...names] = positionals;
  const folders = readdirSync(root).filter(
    (name) => names.length === 0 || names.some((wanted) => name.startsWith(wanted)),
  );
  let failed = 0;
  for (const name of folders) {
    try {
      const { worst, compiled, ms, differing } = await runCase(
        join(root, name),
        values.opset === undefined ? undefined : Number(values.opset),
      );
      const ok = worst <= Number(values.tolerance);
      if (!ok) failed++;
      if (values.verbose || !ok)
        process.stdout.write(
          `${ok ? 'ok  ' : 'FAIL'} ${name}: difference ${worst.toExponential(1)}; ${ok ? summary(compiled, ms) : differing}\n`,
        );
    } catch (error) {
      failed++;
      process.stdout.write(`FAIL ${name}: ${String(error).slice(0, 300)}\n`);
    }
  }
  process.stdout.write(`${folders.length - failed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}

function summary(compiled: CompiledGraph, ms: number): string {
  const nodes = OnnxModel.decode(compiled.model, 'model').graph?.node ?? [];
  const transposes = nodes.filter((node) => node.op_type === 'Transpose').length;
  const { proved, reason } = compiled.rowIndependent;
  return `${nodes.length} nodes, ${transposes} transposes, compiled in ${Math.round(ms)} ms, rows ${proved ? 'independent' : `dependent (${reason})`}`;
}

await main();

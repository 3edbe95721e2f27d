/**
 * The thread of the worker engine: the official binding, whose `run` blocks the thread it is called in. The only file that imports
 * `onnxruntime-node`. Imports nothing else but types, so that it starts as it is from `dist` and from `src`.
 */
import { parentPort } from 'node:worker_threads';
import * as ort from 'onnxruntime-node';
import type { Request } from '../thread-client.ts';
import { buffersOf, type Calls, type Method, type WireSpec, type WireTensor } from './messages.ts';

// The binding's native part takes a Float16Array for empty. Where there is none it uses Uint16Array, bits as they are, as we do.
Reflect.deleteProperty(globalThis, 'Float16Array');

const sessions = new Map<number, ort.InferenceSession>();
let nextSession = 0;

const METHODS: { [M in Method]: (args: Calls[M]['args']) => Promise<Calls[M]['result']> } = {
  start: async () => ({ version: ort.env.versions.node ?? ort.env.versions.common }),
  open: async ({ path, threads, config }) => {
    const native = await ort.InferenceSession.create(path, {
      executionProviders: ['cpu'],
      graphOptimizationLevel: 'all',
      intraOpNumThreads: threads,
      logSeverityLevel: 4,
      extra: Object.fromEntries(config),
    });
    const session = nextSession++;
    sessions.set(session, native);
    return { session, inputs: native.inputMetadata.map(wireSpec), outputs: native.outputMetadata.map(wireSpec) };
  },
  run: async ({ session, feeds, fetches }) => {
    const given = [...feeds].map(([name, { dtype, data, shape }]) => [name, tensor(dtype, data, shape)] as const);
    const results = await find(session).run(Object.fromEntries(given), fetches);
    return fetches.map((name) => wireTensor(results[name]));
  },
  close: async ({ session }) => {
    await find(session).release();
    sessions.delete(session);
  },
};

function find(session: number): ort.InferenceSession {
  const found = sessions.get(session);
  if (found === undefined) throw new Error(`there is no session ${session}`);
  return found;
}

/** The binding has one constructor signature for each type; here the type is known at run time only. */
const TensorOf = ort.Tensor as unknown as new (
  type: string,
  data: WireTensor['data'],
  dims: readonly number[],
) => ort.Tensor;

function tensor(dtype: string, data: WireTensor['data'], shape: readonly number[]): ort.Tensor {
  return new TensorOf(dtype, data, shape);
}

function wireTensor(result: ort.Tensor | undefined): WireTensor {
  if (result === undefined) throw new Error('the binding gave no value for an output');
  const { type, dims } = result;
  const data = result.data as WireTensor['data'];
  const dtype = type as WireTensor['dtype'];
  return { dtype, shape: dims, data: ArrayBuffer.isView(data) ? owned(data) : data };
}

/** An array with a buffer of its own, which can be handed over. */
function owned<T extends { buffer: ArrayBufferLike; byteLength: number; slice(): T }>(data: T): T {
  return data.byteLength === data.buffer.byteLength ? data : data.slice();
}

function wireSpec(metadata: ort.InferenceSession.ValueMetadata): WireSpec {
  if (!metadata.isTensor) throw new Error(`tensor ${metadata.name} is not supported: it is no tensor`);
  const shape = metadata.shape.map((dim) => (typeof dim === 'number' ? dim : -1));
  return { name: metadata.name, type: metadata.type, shape };
}

async function answer({ id, method, args }: Request<Calls>): Promise<void> {
  try {
    const result = await METHODS[method](args as never);
    parentPort?.postMessage({ id, result }, method === 'run' ? buffersOf(result as readonly WireTensor[]) : []);
  } catch (error) {
    parentPort?.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
}

parentPort?.on('message', (request: Request<Calls>) => void answer(request));

/**
 * ONNX Runtime as this process has it: one library, one environment, one gate, shared by every engine that is opened here. Made by the
 * first call and kept for the process's life.
 */
import { Gate } from '../gate.ts';
import { type Api, readApiTable } from './api-table.ts';
import { type Library, loadLibrary } from './library.ts';
import { selfCheck } from './self-check.ts';
import { check } from './status.ts';
import { Turns } from './turns.ts';

export interface Runtime {
  readonly library: Library;
  readonly api: Api;
  readonly version: string;
  readonly env: bigint;
  /** Says of a buffer that it is ordinary memory. */
  readonly memoryInfo: bigint;
  readonly allocator: bigint;
  /** Bounds the runs that are off the event loop. */
  readonly gate: Gate;
  /** Sessions are opened and released one at a time, in a thread of their own beside the runs. */
  readonly housekeeping: Gate;
  readonly turns: Turns;
  readonly scratch: Scratch;
}

/** Cells that native functions write to. Each use reads them before it lets go of the event loop. */
export interface Scratch {
  readonly pointer: BigUint64Array;
  readonly int: Int32Array;
  readonly count: BigUint64Array;
  readonly dims: BigInt64Array;
}

/** Tensors of more dimensions exist on paper only; TensorFlow allows 254. */
export const MAX_RANK = 255;

/** `OrtLoggingLevel`: every error comes back as a status, so the library need not write to stderr. */
const LOG_FATAL = 4;
const ARENA_ALLOCATOR = 1;
const DEFAULT_MEMORY = 0;

let runtime: Promise<Runtime> | undefined;

/** Throws UNIMPLEMENTED where there is no library for this platform, INTERNAL if the library fails its check. */
export function getRuntime(): Promise<Runtime> {
  runtime ??= start();
  return runtime;
}

async function start(): Promise<Runtime> {
  const library = await loadLibrary();
  const { api, version } = readApiTable(library);
  const pointer = new BigUint64Array(1);
  const made = (status: bigint | null): bigint => {
    check(api, status, 'load');
    return cell(pointer);
  };
  const started: Runtime = {
    library,
    api,
    version,
    env: made(api.createEnv(LOG_FATAL, 'floe', pointer)),
    memoryInfo: made(api.createCpuMemoryInfo(ARENA_ALLOCATOR, DEFAULT_MEMORY, pointer)),
    allocator: made(api.getDefaultAllocator(pointer)),
    gate: new Gate(1),
    housekeeping: new Gate(1),
    turns: new Turns(),
    scratch: {
      pointer,
      int: new Int32Array(1),
      count: new BigUint64Array(1),
      dims: new BigInt64Array(MAX_RANK),
    },
  };
  // In a worker thread `process.env` is a copy that the library does not see: there this is what counts.
  check(api, api.disableTelemetry(started.env), 'load');
  selfCheck(started);
  return started;
}

/** What a native function wrote into a cell. */
export function cell(array: BigUint64Array): bigint {
  return array[0] ?? 0n;
}

const slotsWanted = new Map<symbol, number>();

/** Lets an engine have so many runs at a time until it gives them back. Engines of one process share: the largest wish counts. */
export function reserveSlots(shared: Runtime, slots: number): () => void {
  const key = Symbol('engine');
  const apply = (): void => shared.gate.resize(Math.max(1, ...slotsWanted.values()));
  slotsWanted.set(key, slots);
  apply();
  return () => {
    slotsWanted.delete(key);
    apply();
  };
}

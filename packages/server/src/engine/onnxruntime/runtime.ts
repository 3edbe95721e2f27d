/** Starts ONNX Runtime in this process: by the first engine that is opened here, for the process's life. */
import { Gate } from '../gate.ts';
import { readApiTable } from './api-table.ts';
import { loadLibrary } from './library.ts';
import { cell, MAX_RANK, type Runtime } from './native.ts';
import { selfCheck } from './self-check.ts';
import { check } from './status.ts';
import { Turns } from './turns.ts';

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

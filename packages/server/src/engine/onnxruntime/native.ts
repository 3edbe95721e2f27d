/** ONNX Runtime as this process has it: one library, one environment, one gate, shared by every engine that is opened here. */
import type { Gate } from '../gate.ts';
import type { Api } from './api-table.ts';
import type { Library } from './library.ts';
import type { Turns } from './turns.ts';

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

/** What a native function wrote into a cell. */
export function cell(array: BigUint64Array): bigint {
  return array[0] ?? 0n;
}

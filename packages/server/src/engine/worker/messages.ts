/** What the engine and its thread say to each other. Errors cross as text: a class does not survive the way. */
import type { DType, NumericData } from '@floe/graph/base';
import type { ThreadClient } from '../thread-client.ts';

/** A tensor on its way; strings are text here, since the binding knows no others. */
export interface WireTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: NumericData | readonly string[];
}

/** A tensor of a session; a dimension that is not fixed is -1. */
export interface WireSpec {
  readonly name: string;
  /** As the binding calls it: `float32`, `string`, ... */
  readonly type: string;
  readonly shape: readonly number[];
}

/** By method: what a call takes and gives. */
export interface Calls {
  /** First of all: loads the binding. */
  start: { readonly args: undefined; readonly result: { readonly version: string } };
  open: { readonly args: OpenArgs; readonly result: OpenResult };
  run: { readonly args: RunArgs; readonly result: readonly WireTensor[] };
  close: { readonly args: { readonly session: number }; readonly result: undefined };
}

export interface OpenArgs {
  readonly path: string;
  readonly threads: number;
  readonly config: readonly (readonly [key: string, value: string])[];
}

export interface OpenResult {
  /** Number of the session in its thread. */
  readonly session: number;
  readonly inputs: readonly WireSpec[];
  readonly outputs: readonly WireSpec[];
}

export interface RunArgs {
  readonly session: number;
  readonly feeds: ReadonlyMap<string, WireTensor>;
  readonly fetches: readonly string[];
}

export type Method = keyof Calls;
export type Thread = ThreadClient<Calls>;

/** The memory behind tensors that have it to themselves, to be handed over with a message. */
export function buffersOf(tensors: Iterable<WireTensor>): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const { data } of tensors) {
    if (ArrayBuffer.isView(data) && data.buffer instanceof ArrayBuffer) buffers.add(data.buffer);
  }
  return [...buffers];
}

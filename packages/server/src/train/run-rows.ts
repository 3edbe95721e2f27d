/** Runs a version on examples, batch by batch, one behind the other. */
import { type Signature, type Tensor, tensorName } from '@floe/graph/base';
import type { ModelSession } from '../index.ts';
import { type Examples, takeRows } from './examples.ts';

/** Enough that a run is not all overhead, few enough that images of it fit in memory. */
const ROWS_A_RUN = 64;

export interface RunOf {
  /** Numbers of the examples, as many as the outputs have rows that count. */
  readonly rows: Int32Array;
  readonly outputs: readonly Tensor[];
}

/** Throws what a run throws, and the reason of `signal`. */
export async function* runRows(
  session: ModelSession,
  signature: Signature,
  examples: Examples,
  rows: Int32Array,
  fetches: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<RunOf> {
  const fixed = Object.values(signature.inputs)[0]?.shape?.[0] ?? -1;
  const size = fixed > 0 ? fixed : ROWS_A_RUN;
  for (let at = 0; at < rows.length; at += size) {
    signal.throwIfAborted();
    const some = rows.subarray(at, at + size);
    // Graphs of a fixed batch get the first row again where there are too few.
    const fed = fixed > 0 ? Int32Array.from({ length: size }, (_, i) => some[i] ?? (some[0] as number)) : some;
    yield { rows: some, outputs: await session.run(feedsOf(signature, examples, fed), fetches) };
  }
}

function feedsOf(signature: Signature, examples: Examples, rows: Int32Array): Record<string, Tensor> {
  const named = [...examples.inputs].map(([name, tensor]) => {
    return [tensorName(signature.inputs[name]?.name ?? name), takeRows(tensor, rows)] as const;
  });
  return Object.fromEntries(named);
}

/** What the input stage is given: where prepared images are kept, and who decides when one is decoded. */
import type { Tensor } from '@floe/graph/base';
import type { Terms } from '../core/terms.ts';

/**
 * Prepared images by what they are made of: digest of the encoded bytes, and of the spec. A tensor that was handed in or came out is
 * shared: nobody may write to it.
 */
export interface TensorCache {
  get(key: string): Tensor | undefined;
  set(key: string, tensor: Tensor, bytes: number): unknown;
}

/**
 * Runs `work`, which is predicted to take so many seconds of one CPU, when it is its turn. `terms.signal` aborts when nobody waits for
 * it any more: it then need not run, and has to settle all the same.
 */
export type Schedule = <T>(seconds: number, terms: Terms, work: () => Promise<T>) => Promise<T>;

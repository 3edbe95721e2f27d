/**
 * The port through which answers flow back: whoever keeps interactions implements it, inference only tells. Telling costs a request next
 * to nothing and can neither fail nor delay it.
 */
import type { KnownInput, NamedTensor, ServableInfo } from './inference.ts';

/** A request and what was answered. */
export interface Interaction {
  readonly requestId: string;
  readonly servable: ServableInfo;
  /** Version that computed the answer; a cached answer may be older than the servable. */
  readonly version: number;
  readonly caller: string;
  /** Whom it concerns, in the caller's words, so that all of theirs can be deleted; absent where the caller does not say. */
  readonly subject?: string;
  /** Absent for the default signature. */
  readonly signature?: string;
  /** Valid during the call only: they may lie in memory that the next request uses. */
  readonly inputs: ReadonlyMap<string, KnownInput>;
  readonly outputs: readonly NamedTensor[];
}

export interface FeedbackSink {
  /** Never throws and never waits. */
  record(interaction: Interaction): void;
}

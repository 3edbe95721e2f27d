/** What is kept of interactions, and how much of what callers say counts. */
export interface FeedbackSettings {
  /** Share of the requests that are kept, 0..1. */
  readonly sampling: number;
  /** Inputs that are never kept, by name. */
  readonly redact: readonly string[];
  readonly retentionDays: number;
  /** Bytes of inputs that are kept. */
  readonly budgetBytes: number;
  readonly labelsPerMinute: number;
  /** Most that the labels of one caller count, as a share of all. */
  readonly share: number;
}

/** Where the bytes of inputs lie; keys are paths. */
export interface Payloads {
  put(key: string, bytes: Uint8Array): Promise<unknown>;
  /** Undefined where there is nothing. */
  get(key: string): Promise<Uint8Array | undefined>;
  delete(key: string): Promise<void>;
}

export function payloadKey(digest: string): string {
  return `feedback/${digest.slice(0, 2)}/${digest}`;
}

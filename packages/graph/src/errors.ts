/**
 * The one error class of Floe. Each error carries a canonical code (those of gRPC) and says where it arose; a transport maps the
 * code to its own status and never shows `cause` to a client.
 */

/** Canonical codes with the meaning that gRPC gives them. */
export const ERROR_CODES = [
  'CANCELLED',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'UNAUTHENTICATED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** Where an error arose: only the parts that apply are set. */
export interface ErrorDetail {
  /** Path of a field in a request or manifest, such as `instances[3].image`. */
  readonly field?: string;
  /** Tensor by signature key or by graph name, such as `x:0`. */
  readonly tensor?: string;
  /** Graph node by name. */
  readonly node?: string;
  /** TensorFlow op of the node. */
  readonly op?: string;
  readonly file?: string;
  /** Byte offset in `file`. */
  readonly offset?: number;
  /** What is wrong at this place, where the message speaks of several. */
  readonly reason?: string;
  /** When it is worth trying again. */
  readonly retryAfterSeconds?: number;
}

export class FloeError extends Error {
  override readonly name = 'FloeError';
  readonly code: ErrorCode;
  readonly details: readonly ErrorDetail[];

  constructor(code: ErrorCode, message: string, details: ErrorDetail | readonly ErrorDetail[] = [], cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = Array.isArray(details) ? details : [details as ErrorDetail];
  }
}

/** An error in something the caller sent. */
export function invalid(message: string, details: ErrorDetail | readonly ErrorDetail[] = []): FloeError {
  return new FloeError('INVALID_ARGUMENT', message, details);
}

/** A file whose bytes contradict its format or its checksum. */
export function corrupt(message: string, details: ErrorDetail | readonly ErrorDetail[] = []): FloeError {
  return new FloeError('DATA_LOSS', message, details);
}

/** Wraps whatever was thrown, so that callers meet one class only. */
export function asFloeError(thrown: unknown): FloeError {
  if (thrown instanceof FloeError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new FloeError('INTERNAL', message, [], thrown);
}

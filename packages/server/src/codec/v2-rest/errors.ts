/** Errors in the Open Inference Protocol's form, `{"error": "..."}`, with the statuses of Triton's `HttpCodeFromError`. */
import type { ErrorCode, FloeError } from '@floe/graph/base';
import type { ModelRef } from '../../core/inference.ts';

/** Triton knows fewer codes than we do: a full queue is UNAVAILABLE there, so RESOURCE_EXHAUSTED is 503. */
const STATUS: Readonly<Record<ErrorCode, number>> = {
  CANCELLED: 400,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 400,
  PERMISSION_DENIED: 403,
  UNAUTHENTICATED: 401,
  RESOURCE_EXHAUSTED: 503,
  FAILED_PRECONDITION: 400,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
};

export function v2Status(code: ErrorCode): number {
  return STATUS[code];
}

export function v2ErrorBody(message: string): string {
  return JSON.stringify({ error: message });
}

export function v2Error(error: FloeError, ref?: ModelRef): { status: number; body: string } {
  const missing =
    ref !== undefined && error.code === 'NOT_FOUND' && error.details.some(({ field }) => field === 'model');
  return { status: v2Status(error.code), body: v2ErrorBody(missing ? v2Missing(ref) : error.message) };
}

function v2Missing(ref: ModelRef): string {
  if (ref.version === undefined) return `Request for unknown model: '${ref.name}' is not found`;
  return `Request for unknown model: '${ref.name}' version ${ref.version} is not found`;
}

/** Errors in the Open Inference Protocol's form, `{"error": "..."}`, with the statuses of Triton's `HttpCodeFromError`. */
import type { ErrorCode, FloeError } from '@floe/graph/base';
import { HTTP_STATUS } from '../../core/http-status.ts';
import type { ModelRef } from '../../core/inference.ts';
import { isMissingModel } from '../missing.ts';

/** Triton knows fewer codes than we do. A full queue, UNAVAILABLE there, is 429 here as everywhere else: with it goes when to come again. */
const STATUS: Readonly<Record<ErrorCode, number>> = {
  ...HTTP_STATUS,
  CANCELLED: 400,
  ALREADY_EXISTS: 400,
};

export function v2Status(code: ErrorCode): number {
  return STATUS[code];
}

export function v2ErrorBody(message: string): string {
  return JSON.stringify({ error: message });
}

export function v2Error(error: FloeError, ref?: ModelRef): { status: number; body: string } {
  const missing = ref !== undefined && isMissingModel(error);
  return { status: v2Status(error.code), body: v2ErrorBody(missing ? v2Missing(ref) : error.message) };
}

/** What Triton says of a model or version that is not there. */
export function v2Missing(ref: ModelRef): string {
  if (ref.version === undefined) return `Request for unknown model: '${ref.name}' is not found`;
  return `Request for unknown model: '${ref.name}' version ${ref.version} is not found`;
}

/** Errors in the Open Inference Protocol's form, `{"error": "..."}`, with the statuses of Triton's `HttpCodeFromError`. */
import { type ErrorCode, FloeError } from '@floe/graph/base';
import { HTTP_STATUS } from '../../core/http-status.ts';
import type { ModelRef } from '../../core/inference.ts';
import { missingModel, withReason } from '../missing.ts';

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
  const { code, message } = ref === undefined ? error : v2Worded(error, ref);
  return { status: v2Status(code), body: v2ErrorBody(message) };
}

/**
 * In Triton's words and codes, where it is about a model or version that is not there or does not serve. A version that was asked for by its
 * number and is there but not ready is UNAVAILABLE, there; why not, we say behind it.
 */
export function v2Worded(error: FloeError, { name, version }: ModelRef): FloeError {
  const missing = missingModel(error);
  if (missing === undefined) return error;
  const isThere = missing.reason !== undefined;
  const what = version === undefined ? `'${name}'` : `'${name}' version ${version}`;
  const state = !isThere
    ? 'is not found'
    : version === undefined
      ? 'has no available versions'
      : 'is not at ready state';
  const code = isThere && version !== undefined ? 'UNAVAILABLE' : 'NOT_FOUND';
  const words = withReason(`Request for unknown model: ${what} ${state}`, missing);
  return new FloeError(code, words, error.details, error);
}

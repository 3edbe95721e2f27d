/** Errors: from whatever was thrown to a FloeError, and from that to each protocol's shape. */
import { asFloeError, type ErrorCode, FloeError } from '@floe/graph/base';
import { tfsError } from '../../codec/tfs-rest/errors.ts';
import { v2Error } from '../../codec/v2-rest/errors.ts';
import { HTTP_STATUS } from '../../core/http-status.ts';
import type { ErrorShape } from './deps.ts';

/** An error whose HTTP status says more than its code can: 413, 415, 405. */
export class HttpError extends FloeError {
  readonly status: number;
  constructor(status: number, code: ErrorCode, message: string) {
    super(code, message);
    this.status = status;
  }
}

/** 405, with `allow` as the header that says which methods there are. */
export function methodNotAllowed(answer: { header(name: string, value: string): unknown }, allow: string): HttpError {
  answer.header('allow', allow);
  return new HttpError(405, 'UNIMPLEMENTED', 'Method Not Allowed');
}

/** Our own shape: `{"error": {code, message, details, requestId}}`. */
export const floeShape: ErrorShape = (error, requestId) => ({
  status: HTTP_STATUS[error.code],
  body: JSON.stringify({
    error: { code: error.code, message: error.message, details: error.details, requestId },
  }),
});

export const tfsShape: ErrorShape = (error, _requestId, ref) => tfsError(error, ref);

export const v2Shape: ErrorShape = (error, _requestId, ref) => v2Error(error, ref);

/** Puts the pieces together; what went wrong inside stays inside. */
export function wireError(thrown: unknown, shape: ErrorShape, requestId: string, ref?: Parameters<ErrorShape>[2]) {
  const error = presentable(thrown);
  const wire = ref === undefined ? shape(error, requestId) : shape(error, requestId, ref);
  return error instanceof HttpError ? { ...wire, status: error.status } : wire;
}

/** Whether somebody has to look at it. A deadline that passes or a feature that is not there is nothing of the kind, and callers choose both. */
export function isOurFault(thrown: unknown): boolean {
  const error = presentable(thrown);
  return (error instanceof HttpError ? error.status : HTTP_STATUS[error.code]) === 500;
}

function presentable(thrown: unknown): FloeError {
  if (thrown instanceof FloeError) return thrown;
  const status = (thrown as { statusCode?: unknown }).statusCode;
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new HttpError(status, 'INVALID_ARGUMENT', asFloeError(thrown).message);
  }
  return new FloeError('INTERNAL', 'internal error; the server log has it under this request id', [], thrown);
}

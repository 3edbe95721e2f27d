/**
 * Errors in TensorFlow Serving's REST form: `{"error": "..."}` with the status that its `http_server.cc` gives to each code.
 */
import type { ErrorCode, FloeError } from '@floe/graph/base';
import type { ModelRef } from '../../core/inference.ts';
import { ByteWriter } from '../json/writer.ts';

const STATUS: Readonly<Record<ErrorCode, number>> = {
  CANCELLED: 499,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  UNAUTHENTICATED: 401,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
};

export function tfsStatus(code: ErrorCode): number {
  return STATUS[code];
}

export function tfsErrorBody(message: string): Buffer {
  const writer = new ByteWriter(64 + message.length);
  writer.raw('{\n    "error": ');
  writer.text(message);
  writer.raw('\n}');
  return writer.finish();
}

/** What TensorFlow Serving says of a model, version or label that is not there. */
export function tfsMissing(ref: ModelRef): string {
  if (ref.label !== undefined) return `Unrecognized servable version label: ${ref.label}`;
  const wanted = ref.version === undefined ? `Latest(${ref.name})` : `Specific(${ref.name}, ${ref.version})`;
  return `Servable not found for request: ${wanted}`;
}

/** Whether it is the model itself that was not found, which its detail says. */
export function isMissingModel(error: FloeError): boolean {
  return error.code === 'NOT_FOUND' && error.details.some(({ field }) => field === 'model');
}

/** The message and status of an error that arose while `ref` was asked for. */
export function tfsError(error: FloeError, ref?: ModelRef): { status: number; body: Buffer } {
  if (ref === undefined || !isMissingModel(error)) {
    return { status: tfsStatus(error.code), body: tfsErrorBody(error.message) };
  }
  // TensorFlow Serving calls an unknown label an invalid argument, not a thing it cannot find.
  return { status: ref.label === undefined ? 404 : 400, body: tfsErrorBody(tfsMissing(ref)) };
}

/**
 * Errors in TensorFlow Serving's REST form: `{"error": "..."}` with the status that its `http_server.cc` gives to each code.
 */
import type { ErrorCode, FloeError } from '@floe/graph/base';
import { HTTP_STATUS } from '../../core/http-status.ts';
import type { ModelRef } from '../../core/inference.ts';
import { ByteWriter } from '../json/writer.ts';
import { type MissingModel, missingModel, withReason } from '../missing.ts';

export function tfsStatus(code: ErrorCode): number {
  return HTTP_STATUS[code];
}

export function tfsErrorBody(message: string): Buffer {
  const writer = new ByteWriter(64 + message.length);
  writer.raw('{\n    "error": ');
  writer.text(message);
  writer.raw('\n}');
  return writer.finish();
}

/** What TensorFlow Serving says of a model, version or label that is not there, or could not be loaded: the same. Why not, we say behind it. */
export function tfsMissing(ref: ModelRef, missing: MissingModel): string {
  if (ref.label !== undefined) return withReason(`Unrecognized servable version label: ${ref.label}`, missing);
  const wanted = ref.version === undefined ? `Latest(${ref.name})` : `Specific(${ref.name}, ${ref.version})`;
  return withReason(`Servable not found for request: ${wanted}`, missing);
}

/** The message and status of an error that arose while `ref` was asked for. */
export function tfsError(error: FloeError, ref?: ModelRef): { status: number; body: Buffer } {
  const missing = missingModel(error);
  if (ref === undefined || missing === undefined) {
    return { status: tfsStatus(error.code), body: tfsErrorBody(error.message) };
  }
  // TensorFlow Serving calls an unknown label an invalid argument, not a thing it cannot find.
  return { status: ref.label === undefined ? 404 : 400, body: tfsErrorBody(tfsMissing(ref, missing)) };
}

/** Errors as TensorFlow Serving gives them over gRPC: its words for a model that is not there. */
import { FloeError } from '@floe/graph/base';
import type { ModelRef } from '../../core/inference.ts';
import { missingModel } from '../missing.ts';
import { tfsMissing } from '../tfs-rest/errors.ts';

/** The error that arose while `ref` was asked for. TensorFlow Serving calls an unknown label an invalid argument. */
export function tfsGrpcError(error: FloeError, ref: ModelRef): FloeError {
  const missing = missingModel(error);
  if (missing === undefined) return error;
  const code = ref.label === undefined ? 'NOT_FOUND' : 'INVALID_ARGUMENT';
  return new FloeError(code, tfsMissing(ref, missing), error.details, error);
}

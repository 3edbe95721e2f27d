/** Errors as Triton gives them over gRPC: its words for a model that is not there. */
import { FloeError } from '@floe/graph/base';
import type { ModelRef } from '../../core/inference.ts';
import { isMissingModel } from '../missing.ts';
import { v2Missing } from '../v2-rest/errors.ts';

/** The error that arose while `ref` was asked for. */
export function v2GrpcError(error: FloeError, ref: ModelRef): FloeError {
  return isMissingModel(error) ? new FloeError(error.code, v2Missing(ref), error.details, error) : error;
}

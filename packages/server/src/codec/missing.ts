/** Each protocol has its own words for a model that is not there; this tells that error from other things not found. */
import type { FloeError } from '@floe/graph/base';

/** Whether it is the model itself that was not found, which its detail says. */
export function isMissingModel(error: FloeError): boolean {
  return error.code === 'NOT_FOUND' && error.details.some(({ field }) => field === 'model');
}

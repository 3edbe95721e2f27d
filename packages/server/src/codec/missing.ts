/** Each protocol has its own words for a model that is not there, or does not serve; this tells that error from other things not found. */
import type { FloeError } from '@floe/graph/base';

export interface MissingModel {
  /** Why it does not serve, such as what went wrong when it was loaded; absent where there is no such model or version. */
  readonly reason?: string;
}

/** What is known of the model, if it is the model itself that was not found, which the error's detail says. */
export function missingModel(error: FloeError): MissingModel | undefined {
  return error.code === 'NOT_FOUND' ? error.details.find(({ field }) => field === 'model') : undefined;
}

/** The protocol's words with the reason behind them. */
export function withReason(words: string, { reason }: MissingModel): string {
  return reason === undefined ? words : `${words}; ${reason}`;
}

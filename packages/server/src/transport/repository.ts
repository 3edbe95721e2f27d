/** Which models of the folder are served, as it may be said over gRPC and HTTP. */
import { FloeError } from '@floe/graph/base';
import type { ModelEntry } from '../codec/tfs-grpc/reload.ts';

export interface Repository {
  /** Serves a model that is there, again if it was unloaded, in what versions there are now. */
  load(model: string): Promise<void>;
  /** Serves it no more until it is loaded; false where there is no such model. */
  unload(model: string): Promise<boolean>;
  /** Models that were unloaded. */
  unloaded(): readonly string[];
  /** Serves these models and no others. Throws INVALID_ARGUMENT, NOT_FOUND; FAILED_PRECONDITION for what does not come up. */
  reload(models: readonly ModelEntry[]): Promise<void>;
}

/** What Triton would load instead of what lies there. */
const OVERRIDES = /^(config$|file:)/;

/** `parameters`: their names. Throws UNIMPLEMENTED or INVALID_ARGUMENT where there are any, NOT_FOUND for an unknown model. */
export async function loadModel(repository: Repository, model: string, parameters: Iterable<string>): Promise<void> {
  const [given] = parameters;
  if (given !== undefined) {
    const code = OVERRIDES.test(given) ? 'UNIMPLEMENTED' : 'INVALID_ARGUMENT';
    throw new FloeError(code, `the parameter '${given}' of a load is not supported`, { field: `parameters.${given}` });
  }
  await repository.load(model);
}

/** Throws NOT_FOUND. */
export async function unloadModel(repository: Repository, model: string): Promise<void> {
  if (!(await repository.unload(model)))
    throw new FloeError('NOT_FOUND', `there is no model ${model}`, { field: 'model' });
}

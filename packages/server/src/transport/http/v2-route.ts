/** A path of the Open Inference Protocol V2 and what answers it. */
import type { ModelRef } from '../../core/inference.ts';
import type { Exchange } from './exchange.ts';

/** A model's name, and perhaps a version. */
export const MODEL = '/v2/models/([^/]+)(?:/versions/([^/]+))?';

/** `ref`: of the pattern's groups, a model and perhaps its version. */
type Answer = (exchange: Exchange, ref: ModelRef) => Promise<void>;

export interface Route {
  readonly pattern: RegExp;
  /** For HEAD as well. */
  readonly get?: Answer;
  readonly post?: Answer;
}

/**
 * What KServe's own servers answer beside TensorFlow Serving's REST and the Open Inference Protocol, where KServe runs this one: a list of models, a
 * model's readiness, and that nothing is explained. TensorFlow Serving answers some of it in another way, so a plain server keeps to that.
 */
import { FloeError } from '@floe/graph/base';
import { modelStatus } from '../../codec/tfs-rest/metadata.ts';
import type { VersionStatus } from '../../core/inference.ts';
import { decoded, type HttpContext, JSON_TYPE } from './context.ts';
import { HttpError } from './errors.ts';
import type { Exchange } from './exchange.ts';

/** At `/`, where its clients look whether a server lives. */
export const ALIVE = { status: 'alive' };

const LIST = /^\/v[12]\/models$/;
const MODEL = /^\/v1\/models\/([^/:]+)$/;
const EXPLAIN = /^\/v1\/models\/([^/:]+):explain$/;

/** Whether it was KServe's to answer. Throws what is wrong. */
export function answerKserve(context: HttpContext, exchange: Exchange): boolean {
  const { method, path } = exchange;
  if (method === 'POST') return explain(path);
  if (method !== 'GET' && method !== 'HEAD') return false;
  if (LIST.test(path)) {
    exchange.send(200, JSON_TYPE, JSON.stringify({ models: context.models.names() }));
    return true;
  }
  const [, name] = MODEL.exec(path) ?? [];
  if (name === undefined) return false;
  ready(context, exchange, decoded(name, 'name'));
  return true;
}

function explain(path: string): boolean {
  const [, name] = EXPLAIN.exec(path) ?? [];
  if (name === undefined) return false;
  throw new FloeError('UNIMPLEMENTED', `nothing explains what ${decoded(name, 'name')} predicts: ask for :predict`);
}

/** None where the model's files have not come yet. */
function statesOf(context: HttpContext, name: string): readonly VersionStatus[] {
  try {
    return context.models.status({ name });
  } catch (thrown) {
    if (thrown instanceof FloeError && thrown.code === 'NOT_FOUND') return [];
    throw thrown;
  }
}

/** KServe's fields, beside those that TensorFlow Serving's clients look at. */
function ready(context: HttpContext, exchange: Exchange, name: string): void {
  exchange.model = name;
  if (!context.models.names().includes(name))
    throw new HttpError(404, 'NOT_FOUND', `Model with name ${name} does not exist.`);
  const states = statesOf(context, name);
  const isReady = states.some(({ state }) => state === 'AVAILABLE');
  exchange.send(isReady ? 200 : 503, JSON_TYPE, JSON.stringify({ name, ready: isReady, ...modelStatus(states) }));
}

/**
 * What Triton adds to the Open Inference Protocol over HTTP: a model's configuration and statistics, the repository of models. Its shared
 * memory, traces and log settings are not there, and say so.
 */
import { FloeError } from '@floe/graph/base';
import { readIndexRequest, readModelRequest } from '../../codec/v2-rest/control.ts';
import { modelConfig, modelStatistics, repositoryIndex } from '../../codec/v2-rest/models.ts';
import type { ModelRef } from '../../core/inference.ts';
import { indexedModels, servingVersions, statisticsOf } from '../about-models.ts';
import { loadModel, unloadModel } from '../repository.ts';
import { bodyOf, type HttpContext, JSON_TYPE } from './context.ts';
import type { Exchange } from './exchange.ts';
import { MODEL, type Route } from './v2-route.ts';

const MEMORY = '/v2/(?:system|cuda)sharedmemory';
const REGION = '(?:/region/[^/]+)?';
/** What needs the scope `manage`. */
export const MANAGED = new RegExp(
  `^(?:/v2/repository/models/[^/]+/(?:load|unload)|${MEMORY}${REGION}/(?:un)?register)$`,
);

export function extensionRoutes(context: HttpContext): readonly Route[] {
  const { models, recent } = context;
  const statistics = (exchange: Exchange, ref?: ModelRef): void =>
    sendJson(exchange, { model_stats: statisticsOf(models, recent, ref).map(modelStatistics) });
  const settings = {
    get: unsupported('settings of traces and logs are'),
    post: unsupported('settings of traces and logs are'),
  };
  return [
    { pattern: /^\/v2\/models\/stats$/, get: async (exchange) => statistics(exchange) },
    { pattern: new RegExp(`^${MODEL}/stats$`), get: async (exchange, ref) => statistics(exchange, ref) },
    { pattern: new RegExp(`^${MODEL}/config$`), get: (exchange, ref) => config(context, exchange, ref) },
    { pattern: /^\/v2\/repository\/index$/, post: (exchange) => index(context, exchange) },
    { pattern: /^\/v2\/repository\/models\/([^/]+)\/load$/, post: (exchange, ref) => load(context, exchange, ref) },
    { pattern: /^\/v2\/repository\/models\/([^/]+)\/unload$/, post: (exchange, ref) => unload(context, exchange, ref) },
    // There is none, so there is nothing to be told of it or to be taken back.
    { pattern: new RegExp(`^${MEMORY}${REGION}/status$`), get: async (exchange) => sendJson(exchange, []) },
    { pattern: new RegExp(`^${MEMORY}${REGION}/unregister$`), post: async (exchange) => exchange.send(200, '', '') },
    { pattern: new RegExp(`^${MEMORY}${REGION}/register$`), post: unsupported('shared memory is') },
    { pattern: /^\/v2\/(?:logging|trace\/setting)$/, ...settings },
    { pattern: /^\/v2\/models\/([^/]+)\/trace\/setting$/, ...settings },
  ];
}

function unsupported(what: string): () => Promise<never> {
  return async () => {
    throw new FloeError('UNIMPLEMENTED', `${what} not supported`);
  };
}

async function config({ models }: HttpContext, exchange: Exchange, ref: ModelRef): Promise<void> {
  const found = await models.use(ref, (servable) => modelConfig(servable, servingVersions(models, { name: ref.name })));
  sendJson(exchange, found);
}

/** Triton leaves out what is empty. */
async function index(context: HttpContext, exchange: Exchange): Promise<void> {
  const ready = readIndexRequest(await bodyOf(context, exchange));
  const rows = repositoryIndex(indexedModels(context.models), context.repository.unloaded(), ready);
  sendJson(
    exchange,
    rows.map(({ name, version, state, reason }) => ({
      name,
      ...(version === '' ? {} : { version }),
      state,
      ...(reason === '' ? {} : { reason }),
    })),
  );
}

async function load(context: HttpContext, exchange: Exchange, { name }: ModelRef): Promise<void> {
  const parameters = readModelRequest(await bodyOf(context, exchange));
  await loadModel(context.repository, name, parameters);
  exchange.send(200, JSON_TYPE, '');
}

/** Of its parameters Triton has `unload_dependents` alone; here no model depends on another. */
async function unload(context: HttpContext, exchange: Exchange, { name }: ModelRef): Promise<void> {
  readModelRequest(await bodyOf(context, exchange));
  await unloadModel(context.repository, name);
  exchange.send(200, JSON_TYPE, '');
}

function sendJson(exchange: Exchange, value: object): void {
  exchange.send(200, JSON_TYPE, JSON.stringify(value));
}

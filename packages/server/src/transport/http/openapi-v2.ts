/** The Open Inference Protocol's paths and Triton's, for the OpenAPI description. */
import { content, type Json, type JsonObject } from './openapi-json.ts';
import { MODEL, question, VERSIONS } from './openapi-parameters.ts';
import { ANSWER_HEADERS, INFERRING, WISHES, WRITING } from './openapi-terms.ts';

const TAGS = ['Open Inference Protocol V2'];
const RAW = 'application/octet-stream';
const HEADER_LENGTH = 'Inference-Header-Content-Length';
const LENGTH: JsonObject = {
  description: 'Where the JSON ends and raw tensors begin, in bytes; absent where there are none.',
  schema: { type: 'integer', minimum: 0 },
};

export function v2Paths(): JsonObject {
  const paths: Record<string, Json> = {
    '/v2': { get: question(TAGS, 'Server metadata', [], 'ServerMetadata') },
    '/v2/health/live': { get: question(TAGS, 'Is the server alive', [], 'Health') },
    '/v2/health/ready': { get: question(TAGS, 'Do all models serve', [], 'Health') },
    '/v2/models/stats': { get: question(TAGS, 'Statistics of all models', [], 'ModelStatistics') },
    '/v2/repository/index': { post: command('What is there', [], 'IndexRequest', 'RepositoryIndex') },
    '/v2/repository/models/{model}/load': { post: command('Serve a model', [MODEL], 'LoadRequest') },
    '/v2/repository/models/{model}/unload': { post: command('Serve it no more', [MODEL], 'UnloadRequest') },
  };
  for (const [suffix, parameters] of VERSIONS) {
    const base = `/v2/models/{model}${suffix}`;
    paths[base] = { get: question(TAGS, 'Model metadata', parameters, 'ModelMetadata') };
    paths[`${base}/ready`] = { get: question(TAGS, 'Does the model serve', parameters, 'ModelHealth') };
    paths[`${base}/config`] = { get: question(TAGS, 'Model configuration', parameters, 'ModelConfig') };
    paths[`${base}/stats`] = { get: question(TAGS, 'Statistics', parameters, 'ModelStatistics') };
    paths[`${base}/infer`] = { post: infer(parameters) };
  }
  return paths;
}

function infer(parameters: readonly Json[]): JsonObject {
  const raw = { [RAW]: { schema: { type: 'string', format: 'binary' } } };
  return {
    tags: TAGS,
    summary: 'Infer, as JSON or with raw tensors after it',
    parameters: [...parameters, { name: HEADER_LENGTH, in: 'header', required: false, ...LENGTH }, ...WISHES],
    requestBody: { required: true, content: { ...content('InferRequest'), ...raw } },
    responses: {
      200: {
        description: 'Outputs',
        headers: { ...ANSWER_HEADERS, [HEADER_LENGTH]: LENGTH },
        content: { ...content('InferResponse'), ...raw },
      },
      ...INFERRING,
    },
  };
}

function command(summary: string, parameters: readonly Json[], request: string, answer?: string): JsonObject {
  const body = answer === undefined ? {} : { content: content(answer) };
  return {
    tags: TAGS,
    summary,
    parameters,
    requestBody: { required: false, content: content(request) },
    responses: { 200: { description: summary, ...body }, ...WRITING },
  };
}

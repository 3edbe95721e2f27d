/** The OpenAPI description of the data plane. */

import { type Json, type JsonObject, ref, SCHEMAS } from './openapi-schemas.ts';
import { ANSWER_HEADERS, FAILURES, WISHES } from './openapi-terms.ts';

const JSON_BODY = 'application/json';

/** OpenAPI 3.0, since every viewer and generator reads that. */
export function openApiDocument(version: string): JsonObject {
  return {
    openapi: '3.0.3',
    info: {
      title: 'Floe',
      version,
      description: 'Serves frozen TensorFlow models over TensorFlow Serving REST and the Open Inference Protocol V2.',
    },
    tags: [
      { name: 'TensorFlow Serving', description: 'https://www.tensorflow.org/tfx/serving/api_rest' },
      { name: 'Open Inference Protocol V2', description: 'https://github.com/kserve/open-inference-protocol' },
      { name: 'Feedback', description: 'What would have been right, said now or later.' },
      { name: 'Server', description: 'Health, metrics and this description.' },
    ],
    security: [{}, { key: [] }],
    components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } }, schemas: SCHEMAS },
    paths: { ...tfsPaths(), ...v2Paths(), ...serverPaths() },
  };
}

function tfsPaths(): JsonObject {
  const paths: Record<string, Json> = {};
  for (const [suffix, parameters] of versions('model')) {
    const base = `/v1/models/{model}${suffix}`;
    const tags = ['TensorFlow Serving'];
    paths[`${base}:predict`] = {
      post: {
        tags,
        summary: 'Predict from JSON, or say what pictures show',
        parameters: [...parameters, ...WISHES],
        requestBody: { required: true, content: { [JSON_BODY]: schema('PredictRequest'), ...pictures() } },
        responses: {
          200: {
            description: 'The answer; for a picture its labels.',
            headers: ANSWER_HEADERS,
            content: { [JSON_BODY]: { schema: { oneOf: [ref('PredictResponse'), ref('ImageResponse')] } } },
          },
          ...FAILURES,
        },
      },
    };
    for (const method of ['classify', 'regress'] as const) {
      paths[`${base}:${method}`] = { post: askExamples(tags, method, parameters) };
    }
    paths[`${base}/metadata`] = { get: operation(tags, 'Signatures', parameters) };
    paths[base] = { get: operation(tags, 'States of versions', parameters) };
  }
  paths['/v1/models/{model}/feedback'] = { post: feedback() };
  return paths;
}

function askExamples(tags: readonly string[], method: 'classify' | 'regress', parameters: readonly Json[]): JsonObject {
  const results = method === 'classify' ? 'ClassifyResponse' : 'RegressResponse';
  return {
    tags,
    summary: `${method === 'classify' ? 'Classify' : 'Regress'} Examples, with a signature of that method`,
    parameters: [...parameters, ...WISHES],
    requestBody: { required: true, content: { [JSON_BODY]: schema('ExamplesRequest') } },
    responses: {
      200: {
        description: 'A result for each example',
        headers: ANSWER_HEADERS,
        content: { [JSON_BODY]: schema(results) },
      },
      ...FAILURES,
    },
  };
}

function v2Paths(): JsonObject {
  const tags = ['Open Inference Protocol V2'];
  const paths: Record<string, Json> = {
    '/v2': { get: operation(tags, 'Server metadata', []) },
    '/v2/health/live': { get: operation(tags, 'Is the server alive', []) },
    '/v2/health/ready': { get: operation(tags, 'Do all models serve', []) },
  };
  for (const [suffix, parameters] of versions('model').slice(0, 2)) {
    const base = `/v2/models/{model}${suffix}`;
    paths[base] = { get: operation(tags, 'Model metadata', parameters) };
    paths[`${base}/ready`] = { get: operation(tags, 'Does the model serve', parameters) };
    paths[`${base}/infer`] = {
      post: {
        tags,
        summary: 'Infer, as JSON or with raw tensors after it (Inference-Header-Content-Length)',
        parameters: [...parameters, ...WISHES],
        requestBody: { required: true, content: { [JSON_BODY]: schema('InferRequest') } },
        responses: {
          200: {
            description: 'Outputs',
            headers: ANSWER_HEADERS,
            content: { [JSON_BODY]: schema('InferResponse') },
          },
          ...FAILURES,
        },
      },
    };
  }
  return paths;
}

function serverPaths(): JsonObject {
  const tags = ['Server'];
  return {
    '/healthz/live': { get: operation(tags, 'Is the process alive', []) },
    '/healthz/ready': { get: operation(tags, 'Does everything serve that was asked for', []) },
    '/metrics': { get: operation(tags, 'Prometheus metrics', []) },
  };
}

/** No version, a version, a label; each with its path parameters. */
function versions(model: string): [suffix: string, parameters: Json[]][] {
  const name = parameter(model, 'string');
  return [
    ['', [name]],
    ['/versions/{version}', [name, parameter('version', 'integer')]],
    ['/labels/{label}', [name, parameter('label', 'string')]],
  ];
}

function parameter(name: string, type: string): JsonObject {
  return { name, in: 'path', required: true, schema: { type } };
}

function operation(tags: readonly string[], summary: string, parameters: readonly Json[]): JsonObject {
  return { tags, summary, parameters, responses: { 200: { description: summary } } };
}

function feedback(): JsonObject {
  const description =
    'The version that answered, rows, and how many of them were right; or the id under which an example is kept.';
  return {
    tags: ['Feedback'],
    summary: 'Say what would have been right',
    parameters: [parameter('model', 'string')],
    requestBody: { required: true, content: { [JSON_BODY]: schema('Feedback') } },
    responses: { 200: { description }, ...FAILURES, 501: { description: 'This server keeps no feedback' } },
  };
}

function schema(name: string): JsonObject {
  return { schema: ref(name) };
}

function pictures(): JsonObject {
  const picture = { schema: { type: 'string', format: 'binary' } };
  const form = { 'multipart/form-data': schema('PictureForm') };
  return { 'image/jpeg': picture, 'image/png': picture, 'image/webp': picture, ...form };
}

/** TensorFlow Serving's paths, and feedback beside them, for the OpenAPI description. */
import { content, JSON_BODY, type Json, type JsonObject, ref, schema } from './openapi-json.ts';
import { MODEL, question, VERSIONS_AND_LABELS } from './openapi-parameters.ts';
import { ANSWER_HEADERS, INFERRING, OURS, PREDICTING, WISHES } from './openapi-terms.ts';

const TAGS = ['TensorFlow Serving'];

export function tfsPaths(withFeedback: boolean): JsonObject {
  const paths: Record<string, Json> = {};
  for (const [suffix, parameters] of VERSIONS_AND_LABELS) {
    const base = `/v1/models/{model}${suffix}`;
    paths[`${base}:predict`] = { post: predict(parameters) };
    for (const method of ['classify', 'regress'] as const) {
      paths[`${base}:${method}`] = { post: askExamples(method, parameters) };
    }
    paths[`${base}/metadata`] = { get: question(TAGS, 'Signatures', parameters, 'Signatures') };
    paths[base] = { get: question(TAGS, 'States of versions', parameters, 'VersionStates') };
  }
  if (withFeedback) paths['/v1/models/{model}/feedback'] = { post: feedback() };
  return paths;
}

function predict(parameters: readonly Json[]): JsonObject {
  return {
    tags: TAGS,
    summary: 'Predict from JSON, or say what pictures show',
    parameters: [...parameters, ...WISHES],
    requestBody: { required: true, content: { ...content('PredictRequest'), ...pictures() } },
    responses: {
      200: {
        description: 'The answer; for a picture its labels.',
        headers: ANSWER_HEADERS,
        content: { [JSON_BODY]: { schema: { anyOf: [ref('PredictResponse'), ref('ImageResponse')] } } },
      },
      ...PREDICTING,
    },
  };
}

function askExamples(method: 'classify' | 'regress', parameters: readonly Json[]): JsonObject {
  return {
    tags: TAGS,
    summary: `${method === 'classify' ? 'Classify' : 'Regress'} Examples, with a signature of that method`,
    parameters: [...parameters, ...WISHES],
    requestBody: { required: true, content: content('ExamplesRequest') },
    responses: {
      200: {
        description: 'A result for each example',
        headers: ANSWER_HEADERS,
        content: content(method === 'classify' ? 'ClassifyResponse' : 'RegressResponse'),
      },
      ...INFERRING,
    },
  };
}

function feedback(): JsonObject {
  const description =
    'The version that answered, rows, and how many of them were right; or the id under which an example is kept.';
  return {
    tags: ['Feedback'],
    summary: 'Say what would have been right',
    parameters: [MODEL],
    requestBody: { required: true, content: content('Feedback') },
    responses: { 200: { description, content: { [JSON_BODY]: { schema: { type: 'object' } } } }, ...OURS },
  };
}

function pictures(): JsonObject {
  const picture = { schema: { type: 'string', format: 'binary' } };
  const form = { 'multipart/form-data': schema('PictureForm') };
  return { 'image/jpeg': picture, 'image/png': picture, 'image/webp': picture, ...form };
}

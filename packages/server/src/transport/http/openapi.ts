/** The OpenAPI description of the data plane. */

type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

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
      { name: 'Server', description: 'Health, metrics and this description.' },
    ],
    security: [{}, { key: [] }],
    components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } }, schemas: SCHEMAS },
    paths: { ...tfsPaths(), ...v2Paths(), ...serverPaths() },
  };
}

const SCHEMAS: JsonObject = {
  PredictRequest: {
    type: 'object',
    description:
      'Either `instances` (a list of rows) or `inputs` (whole tensors, by name where there are several). A string is bytes as `Base64`; where the model has preprocessing for an input, that is an image, and an `ImageUrl` stands for one that is fetched.',
    properties: {
      signature_name: { type: 'string' },
      instances: { type: 'array', items: {}, example: [[1, 2, 3, 4]] },
      inputs: { description: 'A value, or an object of values by input name.' },
    },
  },
  Base64: {
    type: 'object',
    description: 'Bytes; for an input with preprocessing those of a JPEG, PNG or WebP.',
    required: ['b64'],
    properties: { b64: { type: 'string', format: 'byte' } },
  },
  ImageUrl: {
    type: 'object',
    description: 'An image that the server fetches, where its configuration (fetchHosts) allows the host.',
    required: ['url'],
    properties: { url: { type: 'string', format: 'uri', example: 'https://images.example.com/cat.jpg' } },
  },
  PictureForm: {
    type: 'object',
    description:
      'Pictures, one for each row: a part is a file, or a URL as text. Its name is that of the input; where there is but one input, any.',
    additionalProperties: {
      type: 'array',
      items: {
        oneOf: [
          { type: 'string', format: 'binary' },
          { type: 'string', format: 'uri' },
        ],
      },
    },
  },
  PredictResponse: {
    type: 'object',
    properties: { predictions: { type: 'array', items: {} }, outputs: {} },
  },
  ImageResponse: {
    type: 'object',
    properties: {
      predictions: { type: 'array', items: { $ref: '#/components/schemas/Prediction' } },
      model: { type: 'object', properties: { name: { type: 'string' }, version: { type: 'integer' } } },
    },
  },
  Prediction: {
    type: 'object',
    required: ['label', 'index'],
    properties: {
      label: { type: 'string' },
      index: { type: 'integer' },
      score: { type: 'number' },
      top: { type: 'array', maxItems: 5, items: { type: 'object' } },
    },
  },
  InferRequest: {
    type: 'object',
    required: ['inputs'],
    properties: {
      id: { type: 'string' },
      parameters: { type: 'object' },
      inputs: { type: 'array', items: { $ref: '#/components/schemas/Tensor' } },
      outputs: {
        type: 'array',
        items: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
      },
    },
  },
  InferResponse: {
    type: 'object',
    properties: {
      id: { type: 'string' },
      model_name: { type: 'string' },
      model_version: { type: 'string' },
      outputs: { type: 'array', items: { $ref: '#/components/schemas/Tensor' } },
    },
  },
  Tensor: {
    type: 'object',
    required: ['name', 'shape', 'datatype'],
    properties: {
      name: { type: 'string' },
      shape: { type: 'array', items: { type: 'integer', minimum: 0 } },
      datatype: { type: 'string', example: 'FP32' },
      data: { type: 'array', items: {} },
      parameters: {
        type: 'object',
        description:
          '`content_type` says what the strings of an input with preprocessing are: `url`, `base64`, or image bytes where it is not given.',
      },
    },
  },
  Error: { type: 'object', required: ['error'], properties: { error: { type: 'string' } } },
};

function tfsPaths(): JsonObject {
  const paths: Record<string, Json> = {};
  for (const [suffix, parameters] of versions('model')) {
    const base = `/v1/models/{model}${suffix}`;
    const tags = ['TensorFlow Serving'];
    paths[`${base}:predict`] = {
      post: {
        tags,
        summary: 'Predict from JSON, or say what pictures show',
        parameters,
        requestBody: { required: true, content: { [JSON_BODY]: schema('PredictRequest'), ...pictures() } },
        responses: {
          200: {
            description: 'The answer; for a picture its labels.',
            content: { [JSON_BODY]: { schema: { oneOf: [ref('PredictResponse'), ref('ImageResponse')] } } },
          },
          ...failures(),
        },
      },
    };
    paths[`${base}/metadata`] = { get: operation(tags, 'Signatures', parameters) };
    paths[base] = { get: operation(tags, 'States of versions', parameters) };
  }
  return paths;
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
        parameters,
        requestBody: { required: true, content: { [JSON_BODY]: schema('InferRequest') } },
        responses: {
          200: { description: 'Outputs', content: { [JSON_BODY]: schema('InferResponse') } },
          ...failures(),
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

function ref(name: string): JsonObject {
  return { $ref: `#/components/schemas/${name}` };
}

function schema(name: string): JsonObject {
  return { schema: ref(name) };
}

function pictures(): JsonObject {
  const picture = { schema: { type: 'string', format: 'binary' } };
  const form = { 'multipart/form-data': schema('PictureForm') };
  return { 'image/jpeg': picture, 'image/png': picture, 'image/webp': picture, ...form };
}

function failures(): JsonObject {
  const content = { [JSON_BODY]: schema('Error') };
  return {
    400: { description: 'The request is wrong', content },
    403: { description: 'Not allowed, or a URL that the server may not fetch', content },
    404: { description: 'No such model or version', content },
    413: { description: 'The body is too large', content },
    503: { description: 'Not now, or a URL whose server cannot be reached', content },
    504: { description: 'Too late: the deadline has passed, or the server behind a URL is too slow', content },
  };
}

/** Bodies of inferences, as the OpenAPI description names them. */
import { ANSWERS } from './openapi-answers.ts';
import { type JsonObject, ref } from './openapi-json.ts';

export const SCHEMAS: JsonObject = {
  PredictRequest: {
    type: 'object',
    description:
      'Either `instances` (a list of rows) or `inputs` (whole tensors, by name where there are several). A string is bytes as `Base64`; where the model has preprocessing for an input, that is an image, and an `ImageUrl` stands for one that is fetched.',
    properties: {
      signature_name: { type: 'string' },
      instances: { type: 'array', minItems: 1, items: {}, example: [[1, 2, 3, 4]] },
      inputs: { description: 'A value, or an object of values by input name.' },
    },
    oneOf: [{ required: ['instances'] }, { required: ['inputs'] }],
  },
  Feedback: {
    type: 'object',
    description:
      'A request that was answered, by its `X-Request-Id`; or an input that comes along as in `PredictRequest`. With its label: the index of a class or its name.',
    properties: {
      requestId: { type: 'string', minLength: 1, maxLength: 256 },
      label: { oneOf: [{ type: 'integer' }, { type: 'string' }], example: 7 },
      labels: { type: 'array', items: { oneOf: [{ type: 'integer' }, { type: 'string' }] }, description: 'One a row.' },
      subject: { type: 'string', minLength: 1, maxLength: 256, description: 'Whom an input concerns.' },
      instances: { type: 'array', items: {} },
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
    additionalProperties: { type: 'array', items: { type: 'string', format: 'binary' } },
  },
  ExamplesRequest: {
    type: 'object',
    required: ['examples'],
    properties: {
      signature_name: { type: 'string' },
      context: { type: 'object', description: 'Features that all examples share.' },
      examples: {
        type: 'array',
        minItems: 1,
        items: { type: 'object', description: 'Features by name: a value, or a list of values of one kind.' },
      },
    },
  },
  ClassifyResponse: {
    type: 'object',
    required: ['results'],
    properties: {
      results: {
        type: 'array',
        description: 'For each example its classes, each as [label, score].',
        items: { type: 'array', items: { type: 'array', items: {} } },
      },
    },
  },
  RegressResponse: {
    type: 'object',
    required: ['results'],
    properties: { results: { type: 'array', items: { type: 'number' } } },
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
      parameters: ref('InferParameters'),
      inputs: { type: 'array', items: { $ref: '#/components/schemas/Tensor' } },
      outputs: {
        type: 'array',
        items: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
      },
    },
  },
  InferParameters: {
    type: 'object',
    description: 'How urgent the request is, as Triton says it; others are ignored.',
    properties: {
      priority: {
        type: 'integer',
        minimum: 0,
        description:
          'From 1, the most urgent, to 5, the least; a step doubles the weight in the queue. 0, as 3, is the usual one.',
      },
      timeout: {
        type: 'integer',
        minimum: 0,
        description: 'Microseconds after which the answer is worth nothing (504); 0 for none.',
        example: 500_000,
      },
      binary_data_output: { type: 'boolean', description: 'Whether outputs come as raw bytes behind the JSON.' },
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
  ...ANSWERS,
};

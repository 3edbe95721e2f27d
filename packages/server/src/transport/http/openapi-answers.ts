/** What is said about servers and models, and errors, as the OpenAPI description names them. */
import { type JsonObject, list, record, ref } from './openapi-json.ts';

const TEXT: JsonObject = { type: 'string' };
const COUNT: JsonObject = { type: 'integer', minimum: 0 };
const DIMENSIONS = list({ type: 'integer', minimum: -1 });

export const ANSWERS: JsonObject = {
  Health: { type: 'object', properties: { live: { type: 'boolean' }, ready: { type: 'boolean' } } },
  ModelHealth: record({ name: TEXT, ready: { type: 'boolean' } }),
  VersionStates: record({
    model_version_status: list(
      record({
        version: TEXT,
        state: { type: 'string', enum: ['START', 'LOADING', 'AVAILABLE', 'UNLOADING', 'END'] },
        status: record({ error_code: TEXT, error_message: TEXT }),
      }),
    ),
  }),
  Signatures: record({
    model_spec: record({ name: TEXT, signature_name: TEXT, version: TEXT }),
    metadata: record({ signature_def: record({ signature_def: { type: 'object' } }) }),
  }),
  ServerMetadata: record({ name: TEXT, version: TEXT, extensions: list(TEXT) }),
  ModelMetadata: record({
    name: TEXT,
    versions: list(TEXT),
    platform: TEXT,
    inputs: list(ref('TensorMetadata')),
    outputs: list(ref('TensorMetadata')),
  }),
  TensorMetadata: record({ name: TEXT, datatype: TEXT, shape: DIMENSIONS }),
  ModelConfig: record({
    name: TEXT,
    platform: TEXT,
    backend: TEXT,
    version_policy: record({ specific: record({ versions: list(COUNT) }) }),
    max_batch_size: COUNT,
    input: list(record({ name: TEXT, data_type: TEXT, dims: DIMENSIONS })),
    output: list(record({ name: TEXT, data_type: TEXT, dims: DIMENSIONS, label_filename: TEXT })),
  }),
  ModelStatistics: record({
    model_stats: list(
      record({
        name: TEXT,
        version: TEXT,
        last_inference: COUNT,
        inference_count: COUNT,
        execution_count: COUNT,
        inference_stats: { type: 'object', additionalProperties: record({ count: COUNT, ns: COUNT }) },
      }),
    ),
  }),
  IndexRequest: {
    type: 'object',
    properties: { ready: { type: 'boolean', default: false, description: 'Whether only what serves is asked for.' } },
  },
  RepositoryIndex: list({
    type: 'object',
    required: ['name', 'state'],
    properties: {
      name: TEXT,
      version: TEXT,
      state: { type: 'string', enum: ['LOADING', 'READY', 'UNLOADING', 'UNAVAILABLE'] },
      reason: TEXT,
    },
  }),
  LoadRequest: { type: 'object', properties: { parameters: { type: 'object', additionalProperties: false } } },
  UnloadRequest: { type: 'object', properties: { parameters: { type: 'object' } } },
  Error: record({ error: TEXT }),
  FloeError: record({
    error: record({ code: TEXT, message: TEXT, details: list({ type: 'object' }), requestId: TEXT }),
  }),
};

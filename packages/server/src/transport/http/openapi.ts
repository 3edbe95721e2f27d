/** The OpenAPI description of the data plane. */
import type { JsonObject } from './openapi-json.ts';
import { SCHEMAS } from './openapi-schemas.ts';
import { tfsPaths } from './openapi-tfs.ts';
import { v2Paths } from './openapi-v2.ts';

export interface Described {
  /** Of the server. */
  readonly version: string;
  /** Whether it keeps feedback. */
  readonly feedback: boolean;
}

/** OpenAPI 3.0, since every viewer and generator reads that. */
export function openApiDocument({ version, feedback }: Described): JsonObject {
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
      ...(feedback ? [{ name: 'Feedback', description: 'What would have been right, said now or later.' }] : []),
      { name: 'Server', description: 'Health, metrics and this description.' },
    ],
    security: [{}, { key: [] }],
    components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } }, schemas: SCHEMAS },
    paths: { ...tfsPaths(feedback), ...v2Paths(), ...serverPaths() },
  };
}

function serverPaths(): JsonObject {
  const notReady = { 503: { description: 'Not yet, or no more; and why', content: plainText() } };
  return {
    '/healthz/live': { get: page('Is the process alive') },
    '/healthz/ready': { get: page('Does everything serve that was asked for', notReady) },
    '/metrics': { get: page('Prometheus metrics') },
  };
}

function page(summary: string, others: JsonObject = {}): JsonObject {
  const responses = { 200: { description: summary, content: plainText() }, ...others };
  return { tags: ['Server'], summary, security: [], responses };
}

function plainText(): JsonObject {
  return { 'text/plain': { schema: { type: 'string' } } };
}

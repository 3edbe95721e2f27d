/** The parts of paths, and what is asked for without a body, for the OpenAPI description. */
import { content, type Json, type JsonObject } from './openapi-json.ts';
import { READING } from './openapi-terms.ts';

export const MODEL = parameter('model', { type: 'string', minLength: 1 });
const VERSION = parameter('version', { type: 'integer', minimum: 0, maximum: 999_999_999_999_999 });
const LABEL = parameter('label', { type: 'string', minLength: 1 });

type Named = readonly [suffix: string, parameters: readonly Json[]];

/** No version, or one. */
export const VERSIONS: readonly Named[] = [
  ['', [MODEL]],
  ['/versions/{version}', [MODEL, VERSION]],
];
/** These, or a label. */
export const VERSIONS_AND_LABELS: readonly Named[] = [...VERSIONS, ['/labels/{label}', [MODEL, LABEL]]];

function parameter(name: string, schema: JsonObject): JsonObject {
  return { name, in: 'path', required: true, schema };
}

/** An answer of the schema `answer`; nothing but a status where there is none. */
export function question(
  tags: readonly string[],
  summary: string,
  parameters: readonly Json[],
  answer?: string,
): JsonObject {
  const body = answer === undefined ? {} : { content: content(answer) };
  return { tags, summary, parameters, responses: { 200: { description: summary, ...body }, ...READING } };
}

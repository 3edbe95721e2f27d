/** What every inference may wish for in its headers, what answers say in theirs, and how one fails; for the OpenAPI description. */
import { type JsonObject, ref } from './openapi-schemas.ts';

export const WISHES: readonly JsonObject[] = [
  header(
    'X-Request-Timeout-Ms',
    { type: 'number', minimum: 0, maximum: 86_400_000 },
    {
      description:
        'Milliseconds after which the answer is worth nothing: work that would come too late is not begun, and the answer is 504.',
      example: 500,
    },
  ),
  header(
    'Cache-Control',
    { type: 'string', enum: ['no-store'] },
    {
      description: '`no-store`: no stored answer is given, and this one is not stored.',
    },
  ),
  header(
    'X-Cache-Scope',
    { type: 'string', enum: ['model', 'version'], default: 'model' },
    {
      description: '`version`: only answers that the version which serves now has computed.',
    },
  ),
  header(
    'X-Sticky-Key',
    { type: 'string', maxLength: 256 },
    {
      description:
        'Whom the caller asks for, such as a user: while a new version is tried, the same version answers the same ones. Else the API key counts.',
    },
  ),
  header(
    'X-Subject',
    { type: 'string', maxLength: 256 },
    { description: 'Whom the request concerns, where feedback is kept: all that is kept of them can be deleted.' },
  ),
  header(
    'X-Request-Id',
    { type: 'string', maxLength: 128 },
    {
      description:
        'Comes back with the answer; what `GET /admin/requests/{id}` explains. Made up where it is not given.',
    },
  ),
];

export const ANSWER_HEADERS: JsonObject = {
  'X-Cache': {
    description: '`hit`, `miss` or `bypass`, and why.',
    schema: { type: 'string', example: 'hit; computed by version 1' },
  },
  'X-Model-Version': { description: 'The version that computed this answer.', schema: { type: 'integer', example: 1 } },
  'X-Request-Id': { description: 'Of the request, or made up.', schema: { type: 'string' } },
};

const content = { 'application/json': { schema: ref('Error') } };
const RETRY_AFTER: JsonObject = {
  'Retry-After': {
    description: 'Whole seconds after which there is room.',
    schema: { type: 'integer', minimum: 1 },
  },
};

export const FAILURES: JsonObject = {
  400: { description: 'The request is wrong', content },
  401: { description: 'An API key is needed, or this one is not known', content },
  403: { description: 'Not allowed, or a URL that the server may not fetch', content },
  404: { description: 'No such model or version', content },
  413: { description: 'The body is too large', content },
  429: {
    description: 'Too much: the queue is full, or the API key has had its requests of this second',
    headers: RETRY_AFTER,
    content,
  },
  503: { description: 'Not now, or a URL whose server cannot be reached', content },
  504: { description: 'Too late: the deadline has passed, or the server behind a URL is too slow', content },
};

function header(name: string, schema: JsonObject, about: JsonObject): JsonObject {
  return { name, in: 'header', required: false, schema, ...about };
}

/** What every inference may wish for in its headers, what answers say in theirs, and how one fails; for the OpenAPI description. */
import { JSON_BODY, type JsonObject, ref } from './openapi-json.ts';

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
    { type: 'string' },
    {
      description: '`no-store`: no stored answer is given, and this one is not stored.',
      example: 'no-store',
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
    { type: 'string', minLength: 1, maxLength: 256 },
    {
      description:
        'Whom the caller asks for, such as a user: while a new version is tried, the same version answers the same ones. Else the API key counts.',
    },
  ),
  header(
    'X-Subject',
    { type: 'string', minLength: 1, maxLength: 256 },
    { description: 'Whom the request concerns, where feedback is kept: all that is kept of them can be deleted.' },
  ),
  header(
    'X-Request-Id',
    { type: 'string' },
    {
      description:
        'Comes back with the answer; what `GET /admin/requests/{id}` explains. Made up where it is not given, or is no name of at most 128 characters.',
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

const RETRY_AFTER: JsonObject = {
  'Retry-After': {
    description: 'Whole seconds after which there is room.',
    schema: { type: 'integer', minimum: 1 },
  },
};

/** Where nothing is inferred. */
const USUAL = {
  400: 'The request is wrong',
  401: 'An API key is needed, or this one is not known',
  403: 'Not allowed, or a URL that the server may not fetch',
  404: 'No such model or version',
  429: 'Too much: the queue is full, or the API key has had its requests of this second',
  500: 'The fault is the server’s; its log has the request’s id',
  503: 'Not now, or a URL whose server cannot be reached',
} as const;
const BODIES = {
  413: 'The body is too large',
  415: 'The body is of a type or an encoding that is not taken here',
} as const;
const WORK = {
  501: 'What is asked for is not there, such as half precision as JSON',
  504: 'Too late: the deadline has passed, or the server behind a URL is too slow',
} as const;

export const READING = failures(USUAL, ref('Error'));
export const WRITING = failures({ ...USUAL, ...BODIES, 501: WORK[501] }, ref('Error'));
export const INFERRING = failures({ ...USUAL, ...BODIES, ...WORK }, ref('Error'));
/** Pictures are answered in our own shape. */
export const PREDICTING = failures({ ...USUAL, ...BODIES, ...WORK }, { oneOf: [ref('Error'), ref('FloeError')] });
export const OURS = failures({ ...USUAL, ...BODIES, ...WORK }, ref('FloeError'));

function failures(described: Readonly<Record<string, string>>, shape: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(described).map(([status, description]) => {
      const headers = status === '429' ? { headers: RETRY_AFTER } : {};
      return [status, { description, ...headers, content: { [JSON_BODY]: { schema: shape } } }];
    }),
  );
}

function header(name: string, schema: JsonObject, about: JsonObject): JsonObject {
  return { name, in: 'header', required: false, schema, ...about };
}

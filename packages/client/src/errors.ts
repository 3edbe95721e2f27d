/** The one error that this client throws: what the server said, or why it said nothing. */

/** Canonical codes, as gRPC has them. */
export type Code =
  | 'CANCELLED'
  | 'INVALID_ARGUMENT'
  | 'DEADLINE_EXCEEDED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'PERMISSION_DENIED'
  | 'UNAUTHENTICATED'
  | 'RESOURCE_EXHAUSTED'
  | 'FAILED_PRECONDITION'
  | 'UNIMPLEMENTED'
  | 'INTERNAL'
  | 'UNAVAILABLE';

export interface ErrorFacts {
  /** HTTP status; absent where there was no answer. */
  readonly status?: number;
  readonly requestId?: string;
  /** Seconds that the server asks to wait. */
  readonly retryAfter?: number;
  readonly cause?: unknown;
}

export class FloeClientError extends Error {
  override readonly name = 'FloeClientError';
  readonly code: Code;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  readonly retryAfter: number | undefined;

  constructor(code: Code, message: string, { status, requestId, retryAfter, cause }: ErrorFacts = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = status;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
  }
}

const BY_STATUS: Readonly<Record<number, Code>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ALREADY_EXISTS',
  412: 'FAILED_PRECONDITION',
  413: 'RESOURCE_EXHAUSTED',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

export function codeOf(status: number): Code {
  return BY_STATUS[status] ?? (status < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL');
}

/** What an answer that is no success says, in whichever protocol's form. */
export async function errorOf(response: Response): Promise<FloeClientError> {
  const text = await response.text().catch(() => '');
  const { headers, status } = response;
  const requestId = headers.get('x-request-id');
  const retryAfter = Number(headers.get('retry-after') ?? Number.NaN);
  return new FloeClientError(codeOf(status), messageIn(text) ?? `the server said ${status}`, {
    status,
    ...(requestId === null ? {} : { requestId }),
    ...(Number.isFinite(retryAfter) ? { retryAfter } : {}),
  });
}

/** V2 and TensorFlow Serving: `{"error": "..."}`; Floe's own: `{"error": {"message": "..."}}`. */
function messageIn(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text) as { error?: string | { message?: string } };
    return typeof error === 'string' ? error : error?.message;
  } catch {
    return text === '' ? undefined : text.slice(0, 500);
  }
}

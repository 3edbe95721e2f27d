/** Bodies of the admin API. */
import { FloeError, invalid } from '@floe/graph/base';

/** The object that a body holds; an empty body is an empty one. Throws INVALID_ARGUMENT. */
export function objectIn(body: unknown): Readonly<Record<string, unknown>> {
  const text = Buffer.isBuffer(body) ? body.toString('utf8') : '';
  if (text === '') return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new FloeError('INVALID_ARGUMENT', `the body is not JSON: ${reason}`, { field: 'body' }, cause);
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Record<string, unknown>;
  throw invalid('the body has to be an object', { field: 'body' });
}

/** A message of a request from its bytes. What is no such message is the caller's fault, but for gRPC it is INTERNAL, as its libraries have it. */
import { FloeError } from '@floe/graph/base';
import type { Message } from '@floe/graph/proto';

/** Texts, byte fields and messages in one request: each takes a hundred bytes of memory or so, however few it has on the wire. */
const MOST_FIELDS = 1 << 20;

/** Bytes that are no message of the type they should be. */
export class ParseError extends FloeError {
  constructor(type: string, cause: FloeError) {
    const [{ field, offset } = {}] = cause.details;
    const place = field === undefined ? type : `${type}.${field}`;
    const reason = cause.message.replace(`${type}: `, '');
    const where = { ...(field === undefined ? {} : { field }), ...(offset === undefined ? {} : { offset }) };
    super('INTERNAL', `Failed to parse ${place}: ${reason}`, where, cause);
  }
}

/** Byte fields are views of `bytes`. Throws INTERNAL naming message, field and offset. */
export function parse<T>(message: Message<T>, bytes: Uint8Array): T {
  try {
    return message.decode(bytes, message.name, 0, MOST_FIELDS);
  } catch (thrown) {
    throw thrown instanceof FloeError ? new ParseError(message.name, thrown) : thrown;
  }
}

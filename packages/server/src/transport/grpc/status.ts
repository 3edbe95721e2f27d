/** How a call ends: the trailers that say so. */
import { FloeError } from '@floe/graph/base';
import { GRPC_OK, GRPC_STATUS } from '../../core/grpc-status.ts';

export type Trailers = Record<string, string>;

export const OK_TRAILERS: Readonly<Trailers> = { 'grpc-status': String(GRPC_OK) };

/** Longer messages would not fit the headers that clients take. */
const LONGEST_MESSAGE = 4096;

/** A call that breaks the rules of gRPC, whose servers say INTERNAL to that. */
export class ProtocolError extends FloeError {
  constructor(message: string, field?: string) {
    super('INTERNAL', message, field === undefined ? [] : { field });
  }
}

/** What went wrong inside stays inside. */
export function presentable(thrown: unknown): FloeError {
  if (thrown instanceof FloeError) return thrown;
  return new FloeError('INTERNAL', 'internal error; the server log has it under this request id', [], thrown);
}

/** Status and message, and when a refused call may come again (`grpc-retry-pushback-ms`, as clients with a retry policy read it). */
export function trailersOf(error: FloeError): Trailers {
  const trailers: Trailers = {
    'grpc-status': String(GRPC_STATUS[error.code]),
    'grpc-message': encoded(error.message),
  };
  const wait = error.details.find(({ retryAfterSeconds }) => retryAfterSeconds !== undefined)?.retryAfterSeconds;
  if (wait !== undefined) trailers['grpc-retry-pushback-ms'] = String(Math.ceil(1000 * wait));
  return trailers;
}

/** Percent-encoded UTF-8: all but printable ASCII, and the percent sign. */
function encoded(message: string): string {
  const text = message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message;
  if (/^[\x20-\x24\x26-\x7e]*$/.test(text)) return text;
  return Buffer.from(text, 'utf8').reduce((all, byte) => all + character(byte), '');
}

function character(byte: number): string {
  if (byte >= 0x20 && byte <= 0x7e && byte !== 0x25) return String.fromCharCode(byte);
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

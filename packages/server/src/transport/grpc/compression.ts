/** Compressed messages, both ways: what a caller sends compressed is answered in the same form, if it takes it. */
import { promisify } from 'node:util';
import { deflate, gunzip, gzip, inflate } from 'node:zlib';
import { FloeError, invalid } from '@floe/graph/base';

const DECODERS = { gzip: promisify(gunzip), deflate: promisify(inflate) } as const;
const ENCODERS = { gzip: promisify(gzip), deflate: promisify(deflate) } as const;
export type Encoding = keyof typeof DECODERS;

/** Value of `grpc-accept-encoding` in answers. */
export const ACCEPTED = 'identity,deflate,gzip';

/** Smaller answers are not worth it. */
const SMALLEST = 1024;

/** The compression of a call's messages; undefined for none. Throws UNIMPLEMENTED for one that is not known. */
export function encodingOf(header: string | string[] | undefined): Encoding | undefined {
  if (header === undefined || header === 'identity') return undefined;
  if (header === 'gzip' || header === 'deflate') return header;
  throw new FloeError('UNIMPLEMENTED', `grpc-encoding ${String(header)} is not supported; ${ACCEPTED} are`, {
    field: 'grpc-encoding',
  });
}

/** Whether a caller takes answers in `encoding`. */
export function accepts(header: string | string[] | undefined, encoding: Encoding): boolean {
  return typeof header === 'string' && header.split(',').some((name) => name.trim() === encoding);
}

/** Throws RESOURCE_EXHAUSTED over `limit` bytes, INVALID_ARGUMENT for bytes of another form. */
export async function unpack(packed: Uint8Array, encoding: Encoding, limit: number): Promise<Uint8Array> {
  try {
    return await DECODERS[encoding](packed, { maxOutputLength: limit });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new FloeError('RESOURCE_EXHAUSTED', `the message is larger than the limit of ${limit} bytes, unpacked`);
    }
    throw invalid(`the message is not valid ${encoding}`);
  }
}

/** The message in `encoding`; undefined where it stays as it is. */
export async function pack(message: Uint8Array, encoding: Encoding | undefined): Promise<Uint8Array | undefined> {
  return encoding === undefined || message.length < SMALLEST ? undefined : ENCODERS[encoding](message);
}

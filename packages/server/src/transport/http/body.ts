/**
 * Request bodies as one Buffer. Room is taken once, by content-length, and so that what follows an inference header lies on an
 * 8-byte boundary: tensors behind it are then views of the body. Compressed bodies are bounded before and after.
 */
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import { LARGE_BODY } from '../held-bytes.ts';
import { HttpError } from './errors.ts';

const DECODERS = { gzip: promisify(gunzip), deflate: promisify(inflate) } as const;

export type BodyDone = (error: Error | null, body?: Buffer) => void;

export interface BodyLimits {
  /** Most bytes of it, before and after unpacking. */
  readonly most: number;
  /** Told of so many bytes more that are held; throws where there is no room. */
  readonly hold: (bytes: number) => void;
}

/**
 * Gives the body, or 413 over the limit, 415 for an unknown encoding, 400 for a broken one or a body that ends early, and what `hold`
 * throws.
 */
export function readBody(request: IncomingMessage, limits: BodyLimits, done: BodyDone): void {
  const encoding = request.headers['content-encoding']?.toLowerCase();
  if (encoding === undefined || encoding === 'identity') collect(request, limits, done);
  else if (encoding === 'gzip' || encoding === 'deflate') {
    collect(request, limits, (error, packed) => {
      if (packed === undefined) done(error);
      else unpack(packed, encoding, limits).then((body) => done(null, body), done);
    });
  } else {
    done(new HttpError(415, 'INVALID_ARGUMENT', `content-encoding ${encoding} is not supported; gzip and deflate are`));
  }
}

async function unpack(packed: Buffer, encoding: keyof typeof DECODERS, limits: BodyLimits): Promise<Buffer> {
  const body = await inflated(packed, encoding, limits.most);
  if (body.length >= LARGE_BODY) limits.hold(body.length);
  return body;
}

async function inflated(packed: Buffer, encoding: keyof typeof DECODERS, limit: number): Promise<Buffer> {
  try {
    return await DECODERS[encoding](packed, { maxOutputLength: limit });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limit);
    throw new HttpError(400, 'INVALID_ARGUMENT', `the body is not valid ${encoding}`);
  }
}

function tooLarge(limit: number): HttpError {
  return new HttpError(413, 'INVALID_ARGUMENT', `the body is larger than the limit of ${limit} bytes`);
}

/** Offset at which to begin, so that byte `headerLength` of the body is aligned. */
function alignment(request: IncomingMessage): number {
  const header = request.headers['inference-header-content-length'];
  const length = typeof header === 'string' ? Number(header) : 0;
  return Number.isSafeInteger(length) && length > 0 ? (8 - (length % 8)) % 8 : 0;
}

/** Plain listeners and a callback: a promise and `once` wrappers would cost several microseconds of every request. */
function collect(request: IncomingMessage, { most: limit, hold }: BodyLimits, done: BodyDone): void {
  const declared = Number(request.headers['content-length'] ?? Number.NaN);
  const refusal = declared > limit ? tooLarge(limit) : refused(declared, hold);
  if (refusal !== undefined) {
    done(refusal);
    return;
  }
  const isDeclared = !Number.isNaN(declared);
  const body = new Body(declared, alignment(request), limit);
  let settled = false;
  request.on('data', (chunk: Buffer) => {
    if (settled) return;
    const failure = body.add(chunk) ? (isDeclared ? undefined : refused(chunk.length, hold, 0)) : tooLarge(limit);
    if (failure === undefined) return;
    settled = true;
    // The rest is passed over: a request that is not read to its end would block its connection.
    body.forget();
    done(failure);
  });
  request.on('end', () => {
    if (settled) return;
    settled = true;
    done(null, body.finish());
  });
  request.on('close', () => {
    if (settled) return;
    settled = true;
    done(new HttpError(400, 'CANCELLED', 'the body ended early'));
  });
}

function refused(bytes: number, hold: BodyLimits['hold'], from = LARGE_BODY): Error | undefined {
  if (!(bytes >= from)) return undefined;
  try {
    hold(bytes);
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** Collects chunks; a body that comes in one chunk is taken as it is. */
class Body {
  private readonly declared: number;
  private readonly offset: number;
  private readonly limit: number;
  private room: Buffer | undefined;
  private chunks: Buffer[] = [];
  /** Memory of chunks that were copied and that nothing else lies in. */
  private readonly spent: ArrayBuffer[] = [];
  private length = 0;

  constructor(declared: number, offset: number, limit: number) {
    this.declared = declared;
    this.offset = offset;
    this.limit = limit;
  }

  /** False once the body is over the limit. */
  add(chunk: Buffer): boolean {
    const { length } = this;
    this.length += chunk.length;
    if (this.length > this.limit) return false;
    if (Number.isNaN(this.declared) || chunk.length === this.declared) this.chunks.push(chunk);
    else {
      this.room ??= Buffer.allocUnsafeSlow(this.offset + this.declared);
      chunk.copy(this.room, this.offset + length);
      const { buffer } = chunk;
      if (buffer instanceof ArrayBuffer && buffer.byteLength === chunk.byteLength) this.spent.push(buffer);
    }
    return true;
  }

  /** Lets go of what there is: it is not wanted. */
  forget(): void {
    this.chunks = [];
    this.room = undefined;
  }

  finish(): Buffer {
    for (const buffer of this.spent) buffer.transfer(0);
    if (this.room !== undefined) return this.room.subarray(this.offset, this.offset + this.length);
    const [only] = this.chunks;
    return this.chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.chunks);
  }
}

/** The messages of a call: the only one of a unary call, or those of a stream as they come. */
import { FloeError } from '@floe/graph/base';
import type { Call } from './call.ts';
import { unpack } from './compression.ts';
import { type Expected, type Frame, FrameReader } from './frames.ts';
import { ProtocolError } from './status.ts';

export type Done = (error: unknown, frame?: Frame) => void;

/** A message that has begun has so long to come, as a body over HTTP has: room is kept for it. */
const ARRIVAL_MS = 300_000;
/** Messages that wait to be taken before no more are read. */
const MOST_WAITING = 16;
/** Bytes of messages that wait before no more are read, and of those that were taken, unpacked, before no more are given. */
const MOST_BYTES = 4 * 1024 * 1024;

/** A message of a stream: whoever takes it says when nothing of it is needed any more. */
export interface StreamFrame extends Frame {
  done(): void;
}

/**
 * The message of a unary call, once the caller has sent all. Plain listeners and a callback: a promise would cost several microseconds of
 * every call. Fails with INTERNAL without a message, or a part of one, UNIMPLEMENTED with several, and DEADLINE_EXCEEDED where
 * it does not come to its end.
 */
export function readOne(call: Call, expected: Expected, done: Done): void {
  const { stream } = call;
  let only: Frame | undefined;
  let settled = false;
  let patience: NodeJS.Timeout | undefined;
  const settle = (error: unknown, frame?: Frame): void => {
    if (settled) return;
    settled = true;
    clearTimeout(patience);
    done(error, frame);
  };
  const beginToWait = (): NodeJS.Timeout => {
    stream.on('close', () => clearTimeout(patience));
    return setTimeout(() => settle(tooSlow()), ARRIVAL_MS);
  };
  const encoding = attempt(settle, () => call.negotiate());
  const reader = new FrameReader(expected, (frame) => {
    if (only !== undefined) throw new FloeError('UNIMPLEMENTED', `${call.path} takes one message, and several came`);
    only = frame;
  });
  stream.on('data', (chunk: Buffer) => {
    if (settled) return;
    attempt(settle, () => reader.add(chunk));
    // Most come in one chunk, and need no timer.
    if (!settled && !reader.isBetween) patience ??= beginToWait();
  });
  stream.on('end', () => {
    if (settled || only === undefined || !reader.isBetween) return settle(missing(reader));
    call.received = only.bytes.length;
    if (!only.compressed) settle(undefined, only);
    else uncompressed(only, encoding, expected).then((frame) => settle(undefined, frame), settle);
  });
}

function attempt<T>(settle: Done, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    settle(error);
    return undefined;
  }
}

function tooSlow(): FloeError {
  return new FloeError('DEADLINE_EXCEEDED', `the message did not come within ${ARRIVAL_MS / 1000} s`);
}

function missing(reader: FrameReader): FloeError {
  if (reader.isBetween) return new ProtocolError('No payload: the stream ended before a message');
  return new ProtocolError('the stream ended within a message');
}

async function uncompressed(
  frame: Frame,
  encoding: Parameters<typeof unpack>[1] | undefined,
  { limit, hold }: Expected,
): Promise<Frame> {
  if (encoding === undefined) {
    throw new ProtocolError('a message is marked as compressed, but there is no grpc-encoding');
  }
  const bytes = await unpack(frame.bytes, encoding, limit);
  hold?.(bytes.length);
  return { compressed: false, bytes, release: () => {} };
}

/**
 * The messages of a stream. Reading stops while too many wait, or too much: the sender waits, too. It ends when the caller has sent all, or
 * `close` was called.
 */
export class MessageStream {
  private readonly call: Call;
  private readonly expected: Expected;
  private readonly waiting: Frame[] = [];
  private waitingBytes = 0;
  /** Of messages that were given and are not done with. */
  private takenBytes = 0;
  private ended = false;
  private failure: unknown;
  private wake: () => void = () => {};

  constructor(call: Call, expected: Expected) {
    this.call = call;
    this.expected = expected;
    const reader = new FrameReader(expected, (frame) => this.arrived(frame));
    const { stream } = call;
    stream.on('data', (chunk: Buffer) => this.take(reader, chunk));
    stream.on('end', () => this.close(reader.isBetween ? undefined : missing(reader)));
    stream.on('close', () => this.close());
  }

  /** Takes no more messages: those that are there come, then the end, or `failure` is thrown. */
  close(failure?: unknown): void {
    if (this.ended) return;
    this.ended = true;
    this.failure = failure;
    this.wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<StreamFrame, void> {
    const encoding = this.call.negotiate();
    for (;;) {
      const frame = this.takenBytes > MOST_BYTES ? undefined : this.waiting.shift();
      if (frame !== undefined) {
        this.waitingBytes -= frame.bytes.length;
        this.flow();
        const plain = frame.compressed ? await uncompressed(frame, encoding, this.expected) : frame;
        const { length } = plain.bytes;
        this.takenBytes += length;
        yield { ...plain, done: () => this.forget(length) };
      } else if (this.ended && this.waiting.length === 0) {
        if (this.failure !== undefined) throw this.failure;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      }
    }
  }

  private take(reader: FrameReader, chunk: Buffer): void {
    if (this.ended) return;
    try {
      reader.add(chunk);
    } catch (error) {
      this.close(error);
    }
    this.call.received += chunk.length;
    this.flow();
    this.wake();
  }

  private arrived(frame: Frame): void {
    this.waiting.push(frame);
    this.waitingBytes += frame.bytes.length;
  }

  private forget(bytes: number): void {
    this.takenBytes -= bytes;
    this.wake();
  }

  private flow(): void {
    const { stream } = this.call;
    if (this.waiting.length > MOST_WAITING || this.waitingBytes > MOST_BYTES) stream.pause();
    else stream.resume();
  }
}

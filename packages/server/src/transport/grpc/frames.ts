/**
 * Messages within a stream: one byte that says whether they are compressed, four of length, then their bytes
 * (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). One that comes whole is a view of what came; others are put together in
 * room of their own.
 */
import { FloeError } from '@floe/graph/base';
import { payloadOffset } from '../../codec/proto/payload.ts';
import type { AnyMessage } from '../../codec/proto/schema.ts';
import { giveBack, SpentChunks } from './spent-chunks.ts';
import { ProtocolError } from './status.ts';

const HEAD = 5;
/** What a message claims to need is not taken at once: the claim is five bytes long. */
const FIRST_ROOM = 4 * 1024 * 1024;
const GROWTH = 4;
/** Of the widest elements. */
const ALIGNMENT = 8;
/** Smaller rooms are left to the garbage collector. */
const LARGE = 64 * 1024;

export interface Frame {
  readonly compressed: boolean;
  readonly bytes: Uint8Array;
  /** Gives its memory back at once, where it has some of its own: twenty of 600 KB would bring about a full collection. */
  release(): void;
}

export interface Expected {
  /** What the messages are: a large tensor of one that comes in several chunks is laid aligned. */
  readonly message: AnyMessage;
  /** Most bytes of one. */
  readonly limit: number;
  /** Told of a large one before it is read; throws where there is no room for it. */
  readonly hold?: (bytes: number) => void;
}

export class FrameReader {
  private readonly expected: Expected;
  private readonly onFrame: (frame: Frame) => void;
  /** Bytes of the head, then of the body, that are there. */
  private headed = 0;
  private filled = 0;
  /** What the head says. */
  private flag = 0;
  private length = 0;
  private room: Buffer | undefined;
  private readonly spent = new SpentChunks();

  constructor(expected: Expected, onFrame: (frame: Frame) => void) {
    this.expected = expected;
    this.onFrame = onFrame;
  }

  /** Whether it stands between two messages. */
  get isBetween(): boolean {
    return this.headed === 0;
  }

  /** Throws RESOURCE_EXHAUSTED over the limit, INTERNAL for a flag that there is not. */
  add(chunk: Buffer): void {
    let isCopied = true;
    for (let at = 0; at < chunk.length; ) {
      if (this.headed < HEAD) at = this.addToHead(chunk, at);
      if (this.headed < HEAD) continue;
      if (this.isWhole(chunk, at)) isCopied = false;
      at = this.addToBody(chunk, at);
    }
    if (isCopied) this.spent.add(chunk);
  }

  private addToHead(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + HEAD - this.headed);
    for (let i = at; i < end; i++) {
      const byte = chunk[i] as number;
      if (this.headed === 0) this.flag = byte;
      else this.length = 256 * this.length + byte;
      this.headed += 1;
    }
    if (this.headed === HEAD) this.begin();
    return end;
  }

  private begin(): void {
    const { flag } = this;
    if (flag > 1) throw new ProtocolError(`a message begins with flag ${flag}, which gRPC does not have`);
    const { limit } = this.expected;
    if (this.length > limit) {
      const message = `Received message larger than max (${this.length} vs. ${limit})`;
      throw new FloeError('RESOURCE_EXHAUSTED', message);
    }
    if (this.length >= LARGE) this.expected.hold?.(this.length);
  }

  private addToBody(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.length - this.filled);
    if (this.isWhole(chunk, at)) {
      this.finish(chunk.subarray(at, end), false);
      return end;
    }
    this.room ??= this.roomFor(chunk.subarray(at, end));
    if (this.room.length < this.filled + end - at) this.room = this.larger(this.room);
    chunk.copy(this.room, this.filled, at, end);
    this.filled += end - at;
    if (this.filled === this.length) this.finish(this.room, true);
    return end;
  }

  /** Whether a message begins here and ends in the same chunk. */
  private isWhole(chunk: Buffer, at: number): boolean {
    return this.filled === 0 && at + this.length <= chunk.length;
  }

  private roomFor(start: Buffer): Buffer {
    const payload = this.flag === 0 ? payloadOffset(this.expected.message, start) : undefined;
    return roomOf(Math.min(this.length, FIRST_ROOM), (ALIGNMENT - ((payload ?? 0) % ALIGNMENT)) % ALIGNMENT);
  }

  private larger(room: Buffer): Buffer {
    const next = roomOf(Math.min(this.length, GROWTH * room.length), room.byteOffset);
    room.copy(next, 0, 0, this.filled);
    giveBack(room.buffer);
    return next;
  }

  private finish(bytes: Buffer, isOwn: boolean): void {
    const compressed = this.flag === 1;
    this.headed = 0;
    this.filled = 0;
    this.length = 0;
    this.room = undefined;
    this.onFrame({
      compressed,
      bytes,
      release: isOwn && bytes.length >= LARGE ? () => giveBack(bytes.buffer) : nothing,
    });
  }
}

/** Memory of its own, with `lead` bytes before it. */
function roomOf(length: number, lead: number): Buffer {
  return Buffer.allocUnsafeSlow(lead + length).subarray(lead);
}

function nothing(): void {}

/** Up to this size it is cheaper to copy a message behind its head than to write both. */
const COPIED = 16 * 1024;

/** A message as it goes out, in one piece or two. */
export function framed(message: Uint8Array, compressed: boolean): readonly Uint8Array[] {
  const copied = message.length <= COPIED;
  const head = Buffer.allocUnsafe(HEAD + (copied ? message.length : 0));
  head[0] = compressed ? 1 : 0;
  head.writeUInt32BE(message.length, 1);
  if (!copied) return [head, message];
  head.set(message, HEAD);
  return [head];
}

/**
 * Memory that a connection has brought and that is copied by now, given back at once. Left to the garbage collector, every thirty megabytes of it
 * bring about a full collection: that was half of what an answer to 600 KB cost (`bench/run grpc`).
 *
 * What Node reads at a time is one buffer, of which each stream gets its parts. It is given back where no other stream can have one: each part has a
 * frame's head before it, so a rest that is no larger than a head holds nothing. And only once it has been read to its end: Node may pause in it.
 */

const FRAME_HEAD = 9;

export class SpentChunks {
  private buffer: ArrayBufferLike | undefined;
  /** Bytes of it that may be somebody else's. */
  private rest = 0;

  /** All of the chunk has been copied; the chunks of a buffer come in its order. */
  add({ buffer, byteOffset, length }: Buffer): void {
    if (buffer === this.buffer) this.rest -= FRAME_HEAD;
    else {
      this.buffer = buffer;
      this.rest = buffer.byteLength;
    }
    this.rest -= length;
    const isAtEnd = byteOffset + length === buffer.byteLength;
    // Not now: Node is in the midst of handing it out.
    if (isAtEnd && this.rest <= FRAME_HEAD) setImmediate(giveBack, buffer);
  }
}

export function giveBack(buffer: ArrayBufferLike): void {
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}

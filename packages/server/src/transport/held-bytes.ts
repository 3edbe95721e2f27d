/**
 * Bytes of large bodies that are held at a time, over HTTP and gRPC together: each body has a limit of its own, and many of them at once would
 * still be more than a container's memory. Small ones are not counted: connections bound them, and it would cost each request.
 */
import { FloeError } from '@floe/graph/base';

/** Bodies from here on are counted. */
export const LARGE_BODY = 64 * 1024;
const RETRY_SECONDS = 1;

/** A request, which keeps itself what it holds. */
export interface Holder {
  heldBytes: number;
}

export class HeldBytes {
  private readonly most: number;
  private held = 0;

  constructor(most: number) {
    this.most = most;
  }

  /** Throws RESOURCE_EXHAUSTED where there is no room for so many bytes more. */
  take(holder: Holder, bytes: number): void {
    // Alone, a body of any size is let in: its own limit has been seen to.
    if (this.held > holder.heldBytes && this.held + bytes > this.most) throw full(bytes, this.held);
    holder.heldBytes += bytes;
    this.held += bytes;
  }

  /** All that it holds. */
  release(holder: Holder): void {
    this.held -= holder.heldBytes;
    holder.heldBytes = 0;
  }
}

function full(bytes: number, held: number): FloeError {
  const message = `${held} bytes of other requests are held, and there is no room for ${bytes} more; try again`;
  return new FloeError('RESOURCE_EXHAUSTED', message, { retryAfterSeconds: RETRY_SECONDS });
}

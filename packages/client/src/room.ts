/**
 * Memory of a large body, which the next one gets again. `fetch` makes a copy of what it is given; new memory for the original of it as well made a call of 600 KB
 * cost 1.3 times a raw `fetch` (`bench/run client`), for it has to be cleared, and collected.
 */

/** Smaller bodies are left to the garbage collector, and larger ones are not held on to. */
const SMALLEST = 64 * 1024;
const LARGEST = 16 * 1024 * 1024;

export class Room {
  /** One: of calls at the same time, the others bring their own. */
  private spare: ArrayBuffer | undefined;

  readonly take = (size: number): Uint8Array<ArrayBuffer> => {
    const { spare } = this;
    if (spare === undefined || size < SMALLEST || size > spare.byteLength) return new Uint8Array(size);
    this.spare = undefined;
    return new Uint8Array(spare, 0, size);
  };

  /** Nobody reads the body any more. */
  giveBack({ buffer }: Uint8Array<ArrayBuffer>): void {
    const size = buffer.byteLength;
    if (size >= SMALLEST && size <= LARGEST && size > (this.spare?.byteLength ?? 0)) this.spare = buffer;
  }
}

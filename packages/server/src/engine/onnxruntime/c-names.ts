/** Names as C strings: one block of memory that holds them all, and where each one begins. Valid while this object is reachable. */
import type { Library } from './library.ts';

export class CNames {
  /** One pointer per name, in order. */
  readonly pointers: BigUint64Array;
  readonly addresses: readonly bigint[];
  /** Kept for the addresses' sake. */
  readonly block: Uint8Array;

  constructor(library: Library, names: readonly string[]) {
    const texts = names.map((name) => Buffer.from(`${name}\0`));
    // Larger than 64 bytes lives off V8's heap; a smaller array's address is taken after it has been moved there.
    this.block = new Uint8Array(Buffer.concat(texts));
    const base = this.block.byteLength === 0 ? 0n : library.addressOf(this.block);
    let offset = 0;
    this.addresses = texts.map((text) => {
      const address = base + BigInt(offset);
      offset += text.byteLength;
      return address;
    });
    this.pointers = new BigUint64Array(names.length === 0 ? [0n] : this.addresses);
  }
}

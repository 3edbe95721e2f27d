/** Strings are bytes, and mostly texts. */
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });
const ENCODER = new TextEncoder();

/** What is no UTF-8 becomes U+FFFD. */
export function decode(bytes: Uint8Array): string {
  return DECODER.decode(bytes);
}

export function encode(text: string): Uint8Array {
  return ENCODER.encode(text);
}

/** Whether a byte continues a character. */
export function continues(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

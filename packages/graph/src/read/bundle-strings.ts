/**
 * String tensors of a checkpoint: the lengths as varints, a masked checksum of the lengths, then the bytes of all strings.
 * Source: `WriteStringTensor` in `tensorflow/core/util/tensor_bundle/tensor_bundle.cc`; the entry's checksum covers the lengths (as
 * little-endian words of 4 bytes, or 8 for strings over 4 GiB, which are refused here), the lengths' checksum and the bytes.
 */
import type { FloeError } from '../errors.ts';
import { WireReader } from '../proto/wire.ts';
import { crc32c, maskCrc } from './crc32c.ts';

/** Where the bytes of a tensor are. */
interface Place {
  readonly key: string;
  readonly file: string;
  readonly offset: number;
}

/** Splits `bytes` into `count` strings. Throws DATA_LOSS where they are malformed or a checksum (`stored`, masked) is wrong. */
export function decodeStrings(
  bytes: Uint8Array,
  count: number,
  stored: number,
  { key, file, offset }: Place,
): readonly Uint8Array[] {
  const reader = new WireReader(bytes, file, offset);
  const broken = (reason: string): FloeError => reader.fail(`tensor ${key}: ${reason}`);
  // Each string takes a byte of length at least, so a count that lies is found before anything is allocated.
  if (!(count >= 0 && count <= bytes.byteLength))
    throw broken(`${count} strings cannot lie in ${bytes.byteLength} bytes`);
  const lengths = new Uint32Array(count);
  for (let i = 0; i < count; i++) lengths[i] = reader.uint32();
  const crc = crc32c(littleEndian(lengths));
  const check = reader.take(4);
  if (maskCrc(crc) !== new DataView(check.buffer, check.byteOffset).getUint32(0, true)) {
    throw broken("the checksum of the strings' lengths is wrong");
  }
  const rest = bytes.subarray(reader.position);
  if (maskCrc(crc32c(rest, crc32c(check, crc))) !== stored) throw broken('its checksum is wrong');
  return Array.from(lengths, (length) => reader.take(length));
}

function littleEndian(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

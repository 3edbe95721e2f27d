/**
 * Snappy blocks. Source: `format_description.txt` of google/snappy: a varint with the length of the output, then literals and
 * copies of what was written before. The claimed length is checked before anything is allocated.
 */
import { corrupt, FloeError } from '../errors.ts';

/** Decodes `bytes`. Throws OUT_OF_RANGE where the output would be longer than `limit`, DATA_LOSS where it is malformed. */
export function snappyDecode(bytes: Uint8Array, limit: number, where: string): Uint8Array {
  const { value: length, next } = readLength(bytes, where);
  if (length > limit) {
    throw new FloeError('OUT_OF_RANGE', `${where} claims to unpack to ${length} bytes, more than ${limit}`, {
      file: where,
    });
  }
  const out = new Uint8Array(length);
  let at = next;
  let end = 0;
  while (at < bytes.byteLength) {
    const element = readElement(bytes, at);
    if (element === undefined || element.length > length - end) throw malformed(where, at);
    at = element.next;
    if (element.offset === 0) {
      if (element.length > bytes.byteLength - at) throw malformed(where, at);
      out.set(bytes.subarray(at, at + element.length), end);
      at += element.length;
    } else {
      if (element.offset > end) throw malformed(where, at);
      copyBack(out, end, element.offset, element.length);
    }
    end += element.length;
  }
  if (end !== length) throw malformed(where, at);
  return out;
}

interface Element {
  /** Bytes of output. */
  readonly length: number;
  /** How far back a copy begins; 0 for a literal. */
  readonly offset: number;
  /** Where the literal's bytes, or the next element, begin. */
  readonly next: number;
}

/** The element at `at`; undefined where its header is cut off or its offset is zero. */
function readElement(bytes: Uint8Array, at: number): Element | undefined {
  const tag = bytes[at] as number;
  const kind = tag & 3;
  const short = tag >>> 2;
  if (kind === 0) {
    const width = short < 60 ? 0 : short - 59;
    const longer = littleEndian(bytes, at + 1, width);
    if (longer === undefined) return undefined;
    return { length: (width === 0 ? short : longer) + 1, offset: 0, next: at + 1 + width };
  }
  const width = kind === 1 ? 1 : kind === 2 ? 2 : 4;
  const low = littleEndian(bytes, at + 1, width);
  if (low === undefined) return undefined;
  const offset = kind === 1 ? ((tag >>> 5) << 8) | low : low;
  const length = kind === 1 ? ((tag >>> 2) & 7) + 4 : short + 1;
  return offset === 0 ? undefined : { length, offset, next: at + 1 + width };
}

function littleEndian(bytes: Uint8Array, at: number, width: number): number | undefined {
  if (at + width > bytes.byteLength) return undefined;
  let value = 0;
  for (let i = width - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] as number);
  return value;
}

/** Byte by byte where the copy reads what it writes: that is how runs are stored. */
function copyBack(out: Uint8Array, end: number, offset: number, length: number): void {
  if (offset >= length) out.copyWithin(end, end - offset, end - offset + length);
  else for (let i = 0; i < length; i++) out[end + i] = out[end + i - offset] as number;
}

function readLength(bytes: Uint8Array, where: string): { value: number; next: number } {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[i];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, next: i + 1 };
  }
  throw malformed(where, 0);
}

function malformed(where: string, offset: number): FloeError {
  return corrupt(`${where} is no valid Snappy data (byte ${offset} of the compressed block)`, { file: where, offset });
}

/**
 * CRC-32C (Castagnoli, reflected polynomial 0x82f63b78; RFC 3720 B.4) by slicing: sixteen bytes a step, one table each.
 * TensorFlow and LevelDB store it masked, so that the checksum of data that holds checksums stays strong.
 */
const POLYNOMIAL = 0x82f63b78;
const SLICES = 16;
const MASK_DELTA = 0xa282ead8;

/** `TABLES[k * 256 + b]`: the effect of byte `b` with `k` bytes behind it. */
const TABLES = makeTables();

function makeTables(): Int32Array {
  const tables = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    tables[byte] = crc;
  }
  for (let i = 256; i < tables.length; i++) {
    const before = tables[i - 256] as number;
    tables[i] = (before >>> 8) ^ (tables[before & 0xff] as number);
  }
  return tables;
}

/** Checksum of `bytes`; `previous` is that of what came before them. */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  const t = TABLES;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let crc = ~previous;
  let at = 0;
  for (const end = bytes.byteLength - SLICES; at <= end; at += SLICES) {
    const a = crc ^ view.getInt32(at, true);
    const b = view.getInt32(at + 4, true);
    const c = view.getInt32(at + 8, true);
    const d = view.getInt32(at + 12, true);
    crc = step(t, a, 3840) ^ step(t, b, 2816) ^ step(t, c, 1792) ^ step(t, d, 768);
  }
  for (; at < bytes.byteLength; at++) crc = (crc >>> 8) ^ (t[(crc ^ (bytes[at] as number)) & 0xff] as number);
  return ~crc >>> 0;
}

/** Four bytes through four neighbouring tables, of which the first byte's begins at `top`. */
function step(t: Int32Array, word: number, top: number): number {
  return (
    (t[top + (word & 0xff)] as number) ^
    (t[top - 256 + ((word >>> 8) & 0xff)] as number) ^
    (t[top - 512 + ((word >>> 16) & 0xff)] as number) ^
    (t[top - 768 + (word >>> 24)] as number)
  );
}

/** The form in which files hold a checksum. */
export function maskCrc(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}

/** TFRecord files: each record behind its length and between two masked checksums. Source: tensorflow/core/lib/io/record_writer.h. */
import { FloeError } from '../errors.ts';
import { crc32c, maskCrc } from './crc32c.ts';

const LENGTH_BYTES = 8;
const CRC_BYTES = 4;
const HEAD = LENGTH_BYTES + CRC_BYTES;

/** The records, as views of the file. Throws DATA_LOSS naming the offset. */
export function* records(bytes: Uint8Array, file: string): Generator<Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    if (at + HEAD > bytes.length) throw damaged(file, at, 'the file ends within the head of a record');
    check(bytes.subarray(at, at + LENGTH_BYTES), view.getUint32(at + LENGTH_BYTES, true), file, at);
    const length = view.getBigUint64(at, true);
    const [start, end] = [at + HEAD, at + HEAD + Number(length)];
    if (end + CRC_BYTES > bytes.length) throw damaged(file, at, `the file ends within a record of ${length} bytes`);
    const record = bytes.subarray(start, end);
    check(record, view.getUint32(end, true), file, start);
    yield record;
    at = end + CRC_BYTES;
  }
}

function check(bytes: Uint8Array, stored: number, file: string, offset: number): void {
  if (maskCrc(crc32c(bytes)) !== stored) throw damaged(file, offset, 'the checksum is another');
}

function damaged(file: string, offset: number, why: string): FloeError {
  return new FloeError('DATA_LOSS', `${file} is no TFRecord file, or damaged: at byte ${offset}, ${why}`, {
    file,
    offset,
  });
}

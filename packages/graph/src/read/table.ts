/**
 * Sorted tables of keys and values, as LevelDB and TensorFlow's checkpoints store them.
 * Source: `doc/table_format.md` of google/leveldb and `tensorflow/core/lib/io/format.h`. The file ends in a footer that points at the
 * index block, whose values point at the data blocks; each block is followed by its compression and a masked CRC-32C.
 */
import { corrupt, FloeError } from '../errors.ts';
import { WireReader } from '../proto/wire.ts';
import { crc32c, maskCrc } from './crc32c.ts';
import { snappyDecode } from './snappy.ts';

const FOOTER = 48;
const MAGIC = 0xdb4775248b80fb57n;
const TRAILER = 5;

/** Blocks are a few hundred KB; one that unpacks to more than this is refused. */
const MAX_BLOCK = 64 * 2 ** 20;
const MAX_KEY = 2 ** 20;

/** Unpacked bytes of a whole table at most: 100,000 variables take some 10 MB. */
const MAX_TABLE = 2 ** 28;

/** All keys together at most. */
const MAX_KEYS = 2 ** 26;

/** What an entry takes in memory beside its key. */
const ENTRY = 100;

/** Keys are byte strings, one character per byte (Latin-1). */
export type TableEntries = ReadonlyMap<string, Uint8Array>;

interface Handle {
  readonly offset: number;
  readonly size: number;
}

/** All entries of a table, in the order of the file. Throws DATA_LOSS, OUT_OF_RANGE. */
export function readTable(file: Uint8Array, name: string): TableEntries {
  const entries = new Map<string, Uint8Array>();
  let unpacked = 0;
  let keys = 0;
  for (const [, handle] of blockEntries(readBlock(file, indexHandle(file, name), name), name)) {
    const block = readBlock(file, readHandle(new WireReader(handle, name)), name);
    unpacked += block.byteLength;
    checkSize(unpacked, name);
    for (const [key, value] of blockEntries(block, name)) {
      // A key of a few bytes in the file may repeat most of a long one.
      keys += key.length + ENTRY;
      checkSize(keys, name, MAX_KEYS);
      entries.set(key, value);
    }
  }
  return entries;
}

function checkSize(bytes: number, name: string, most = MAX_TABLE): void {
  if (bytes <= most) return;
  throw new FloeError('OUT_OF_RANGE', `${name} unpacks to more than ${most} bytes`, { file: name });
}

function indexHandle(file: Uint8Array, name: string): Handle {
  const at = file.byteLength - FOOTER;
  if (at < 0) throw corrupt(`${name} is too short to be a table (${file.byteLength} bytes)`, { file: name });
  const footer = file.subarray(at);
  const magic = new DataView(footer.buffer, footer.byteOffset).getBigUint64(FOOTER - 8, true);
  if (magic !== MAGIC) {
    throw corrupt(`${name} does not end as a table does: it is cut off or another kind of file`, {
      file: name,
      offset: at + FOOTER - 8,
    });
  }
  const reader = new WireReader(footer.subarray(0, FOOTER - 8), name, at);
  readHandle(reader);
  return readHandle(reader);
}

function readHandle(reader: WireReader): Handle {
  return { offset: reader.safeInteger(), size: reader.safeInteger() };
}

/** The verified and unpacked contents of a block. */
function readBlock(file: Uint8Array, { offset, size }: Handle, name: string): Uint8Array {
  const where = { file: name, offset };
  if (offset < 0 || size < 0 || offset + size + TRAILER > file.byteLength) {
    throw corrupt(`${name}: a block at byte ${offset} of ${size} bytes lies outside the file`, where);
  }
  const contents = file.subarray(offset, offset + size);
  const stored = new DataView(file.buffer, file.byteOffset + offset + size).getUint32(1, true);
  if (maskCrc(crc32c(file.subarray(offset, offset + size + 1))) !== stored) {
    throw corrupt(`${name}: the checksum of the block at byte ${offset} is wrong`, where);
  }
  const compression = file[offset + size];
  if (compression === 0) return contents;
  if (compression === 1) return snappyDecode(contents, MAX_BLOCK, name);
  throw corrupt(`${name}: the block at byte ${offset} has unknown compression ${compression}`, where);
}

/** Entries share the beginning of their key with the entry before; the list of restart points at the end is for seeking only. */
function* blockEntries(block: Uint8Array, name: string): Generator<[key: string, value: Uint8Array]> {
  const reader = new WireReader(entriesPart(block, name), name);
  let key = '';
  while (!reader.done) {
    const shared = reader.uint32();
    const rest = reader.uint32();
    const length = reader.uint32();
    if (shared > key.length || shared + rest > MAX_KEY) throw corrupt(`${name} has a malformed key`, { file: name });
    key = key.slice(0, shared) + latin1(reader.take(rest));
    yield [key, reader.take(length)];
  }
}

function entriesPart(block: Uint8Array, name: string): Uint8Array {
  const end = block.byteLength - 4;
  if (end < 0) throw corrupt(`${name} has an empty block`, { file: name });
  const restarts = new DataView(block.buffer, block.byteOffset).getUint32(end, true);
  if (restarts * 4 > end)
    throw corrupt(`${name} has a block with ${restarts} restart points, more than it can hold`, { file: name });
  return block.subarray(0, end - restarts * 4);
}

/** Bytes as a string of one character each. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

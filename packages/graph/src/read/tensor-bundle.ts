/**
 * TensorFlow's checkpoints (version 2): a table of entries in `<prefix>.index`, the tensors' bytes in `<prefix>.data-0000N-of-0000M`.
 * Source: `tensorflow/core/util/tensor_bundle/tensor_bundle.{h,cc}` and `tensor_bundle.proto`. Every checksum is verified, and
 * only the tensors that are asked for are read.
 */
import { DTYPES, type DType, dtypeFromTf } from '../dtype.ts';
import { corrupt, FloeError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import { BundleEntryProto, BundleHeaderProto } from '../proto/tensorflow.ts';
import type { FileAccess, Slice, VariableRef, VariableStore } from '../source.ts';
import { numericView, sizeOf, type Tensor, type TensorSpec } from '../tensor.ts';
import { decodeStrings } from './bundle-strings.ts';
import { crc32c, maskCrc } from './crc32c.ts';
import { sliceKey } from './ordered-code.ts';
import { copyShared, intersect, type Region, sameBox } from './region.ts';
import { latin1, readTable, type TableEntries } from './table.ts';

/** One tensor of this many bytes would not fit the one binary: protobuf ends at 2 GiB. */
const MAX_TENSOR = 2 ** 31 - 1;
const LITTLE = 0;

/** A store without variables. */
export const NO_VARIABLES: VariableStore = {
  keys: [],
  has: () => false,
  spec: () => undefined,
  read: ({ key }) =>
    Promise.reject(
      new FloeError('NOT_FOUND', `the model came without a checkpoint that could hold ${key}`, { tensor: key }),
    ),
};

/** Opens the checkpoint with this prefix. Throws NOT_FOUND, DATA_LOSS, UNIMPLEMENTED (big-endian). */
export async function openBundle(files: FileAccess, prefix: string): Promise<TensorBundle> {
  const name = `${prefix}.index`;
  const table = readTable(await files.read(name), name);
  const header = table.get('');
  if (header === undefined) throw corrupt(`${name} has no header`, { file: name });
  const { num_shards: shards, endianness } = BundleHeaderProto.decode(header, name);
  if (endianness !== LITTLE) throw new FloeError('UNIMPLEMENTED', `${name} was written big-endian`, { file: name });
  if (shards < 0 || shards > 99_999) throw corrupt(`${name} claims ${shards} shards`, { file: name });
  return new TensorBundle(files, prefix, shards, table);
}

/** An entry with a checked dtype and shape. */
interface Entry {
  readonly proto: BundleEntryProto;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

export class TensorBundle implements VariableStore {
  readonly keys: readonly string[];
  /** Paths of the shards. */
  readonly shards: readonly string[];
  private readonly files: FileAccess;
  private readonly index: string;
  private readonly table: TableEntries;

  constructor(files: FileAccess, prefix: string, shards: number, table: TableEntries) {
    this.files = files;
    this.index = `${prefix}.index`;
    this.table = table;
    const total = String(shards).padStart(5, '0');
    this.shards = Array.from({ length: shards }, (_, i) => `${prefix}.data-${String(i).padStart(5, '0')}-of-${total}`);
    this.keys = [...table.keys()].filter((key) => key !== '' && !key.startsWith('\x00')).map(fromTableKey);
  }

  has(key: string): boolean {
    return key !== '' && this.table.has(toTableKey(key));
  }

  spec(key: string): TensorSpec | undefined {
    if (!this.has(key)) return undefined;
    const { dtype, shape } = this.entry(toTableKey(key), key);
    return { name: key, dtype, shape };
  }

  async read({ key, slice }: VariableRef): Promise<Tensor> {
    if (!this.has(key)) throw this.missing(key);
    const entry = this.entry(toTableKey(key), key);
    const wanted = slice ?? whole(entry.shape);
    this.checkSlice(wanted, entry.shape, key);
    if (entry.proto.slices.length === 0 && sameBox(wanted, whole(entry.shape))) return this.stored(entry, key);
    return this.assemble(entry, wanted, key);
  }

  /** Puts a tensor together from those stored parts that overlap it. */
  private async assemble(entry: Entry, wanted: Slice, key: string): Promise<Tensor> {
    const parts = this.parts(entry, key);
    const exact = parts.find(({ box }) => sameBox(box, wanted));
    if (exact !== undefined) return this.stored(exact.entry, key);
    const { dtype } = entry;
    const width = DTYPES[dtype].size;
    if (width === 0)
      throw new FloeError('UNIMPLEMENTED', `${key} is a partitioned tensor of ${dtype}`, { tensor: key });
    const shape = wanted.length;
    const target: Region = { box: wanted, bytes: new Uint8Array(this.checkedBytes(dtype, shape, key)) };
    let found = 0;
    for (const { box, entry: part } of parts) {
      if (intersect(box, wanted) === undefined) continue;
      found += copyShared({ box, bytes: await this.bytes(part, key) }, target, width);
    }
    if (found !== sizeOf(shape)) throw this.broken(key, `its slices hold ${found} of ${sizeOf(shape)} elements`);
    return { dtype, shape, data: numericView(dtype, target.bytes) };
  }

  /** The stored tensors that make up a tensor, each with its place in it. */
  private parts(entry: Entry, key: string): { box: Slice; entry: Entry }[] {
    if (entry.proto.slices.length === 0) return [{ box: whole(entry.shape), entry }];
    return entry.proto.slices.map((slice) => {
      // No extent at all stands for the whole tensor.
      const extents = entry.shape.map((size, axis) => slice.extent[axis] ?? { start: 0, length: size });
      const box = {
        start: extents.map(({ start }) => start),
        length: extents.map(({ start, length }, axis) => length ?? (entry.shape[axis] as number) - start),
      };
      this.checkSlice(box, entry.shape, key);
      const part = this.entry(sliceKey(toTableKey(key), slice), key);
      if (part.dtype !== entry.dtype || sizeOf(part.shape) !== sizeOf(box.length)) {
        throw this.broken(key, 'a slice has another dtype or shape than the tensor says');
      }
      return { box, entry: { ...part, shape: box.length } };
    });
  }

  private async stored(entry: Entry, key: string): Promise<Tensor> {
    const { dtype, shape } = entry;
    if (dtype === 'string') {
      const bytes = await this.range(entry, key);
      const { shard_id: shard, offset, crc32c: stored } = entry.proto;
      const place = { key, file: this.shards[shard] ?? this.index, offset };
      return { dtype, shape, data: decodeStrings(bytes, sizeOf(shape), stored, place) };
    }
    return { dtype, shape, data: numericView(dtype, await this.bytes(entry, key)) };
  }

  /** The verified bytes of a numeric entry. */
  private async bytes(entry: Entry, key: string): Promise<Uint8Array> {
    const wanted = this.checkedBytes(entry.dtype, entry.shape, key);
    if (entry.proto.size !== wanted) {
      throw this.broken(key, `it has ${entry.proto.size} bytes where its shape needs ${wanted}`);
    }
    const bytes = await this.range(entry, key);
    if (maskCrc(crc32c(bytes)) !== entry.proto.crc32c) throw this.damaged(key, entry);
    return bytes;
  }

  private range(entry: Entry, key: string): Promise<Uint8Array> {
    const { shard_id: shard, offset, size } = entry.proto;
    const path = this.shards[shard];
    if (path === undefined) throw this.broken(key, `it lies in shard ${shard} of ${this.shards.length}`);
    if (offset < 0 || size < 0 || size > MAX_TENSOR)
      throw this.broken(key, `it claims ${size} bytes at byte ${offset}`);
    return this.files.readRange(path, offset, size);
  }

  private entry(tableKey: string, key: string): Entry {
    const bytes = this.table.get(tableKey);
    if (bytes === undefined) throw this.broken(key, 'one of its slices is missing');
    const proto = BundleEntryProto.decode(bytes, this.index);
    const dtype = dtypeFromTf(proto.dtype);
    if (dtype === undefined || dtype === 'resource' || dtype === 'variant') {
      throw new FloeError('UNIMPLEMENTED', `${this.where(key)} has dtype number ${proto.dtype}`, {
        file: this.index,
        tensor: key,
      });
    }
    return { proto, dtype, shape: proto.shape?.dim.map(({ size }) => size) ?? [] };
  }

  private checkedBytes(dtype: DType, shape: readonly number[], key: string): number {
    const bytes = sizeOf(shape) * DTYPES[dtype].size;
    if (shape.some((dim) => dim < 0) || bytes > MAX_TENSOR)
      throw this.broken(key, `it claims shape [${shape.join(', ')}]`);
    return bytes;
  }

  private checkSlice({ start, length }: Slice, shape: readonly number[], key: string): void {
    const inside = shape.every((size, axis) => {
      const at = start[axis] ?? -1;
      const count = length[axis] ?? -1;
      return at >= 0 && count >= 0 && at + count <= size;
    });
    if (!inside || start.length !== shape.length || length.length !== shape.length) {
      throw this.broken(
        key,
        `slice [${start.join(', ')}] of size [${length.join(', ')}] lies outside shape [${shape.join(', ')}]`,
      );
    }
  }

  private where(key: string): string {
    return `${this.index}: tensor ${key}`;
  }

  private broken(key: string, reason: string): FloeError {
    return corrupt(`${this.where(key)}: ${reason}`, { file: this.index, tensor: key });
  }

  private damaged(key: string, { proto: { shard_id: shard, offset, size } }: Entry): FloeError {
    const file = this.shards[shard] ?? this.index;
    const message = `${file}: the ${size} bytes of tensor ${key} at byte ${offset} are damaged: their checksum is wrong`;
    return corrupt(message, { file, offset, tensor: key });
  }

  private missing(key: string): FloeError {
    const near = nearest(key, this.keys);
    const hint = near.length === 0 ? '' : `; near: ${near.join(', ')}`;
    return new FloeError('NOT_FOUND', `${this.index} has no tensor ${key}${hint}`, { file: this.index, tensor: key });
  }
}

function whole(shape: readonly number[]): Slice {
  return { start: shape.map(() => 0), length: shape };
}

/** Tables hold keys as UTF-8, seen here as one character per byte. */
function toTableKey(key: string): string {
  return latin1(new TextEncoder().encode(key));
}

function fromTableKey(key: string): string {
  return Buffer.from(key, 'latin1').toString('utf8');
}

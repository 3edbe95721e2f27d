/** The bytes of one group of weights, which lie end to end over one or more files. */
import { corrupt, FloeError } from '../errors.ts';
import type { FileAccess } from '../source.ts';

interface Shard {
  readonly path: string;
  /** Where it begins in the group. */
  readonly start: number;
  readonly size: number;
}

export class Shards {
  private readonly files: FileAccess;
  private readonly shards: readonly Shard[];
  /** Bytes of the group. */
  readonly size: number;

  private constructor(files: FileAccess, shards: readonly Shard[], size: number) {
    this.files = files;
    this.shards = shards;
    this.size = size;
  }

  /** Looks for the files. Throws NOT_FOUND for one that is missing, INVALID_ARGUMENT for a path that leaves the model's folder. */
  static async open(files: FileAccess, paths: readonly string[], model: string): Promise<Shards> {
    const shards: Shard[] = [];
    let start = 0;
    for (const path of paths) {
      const size = await files.size(path);
      if (size === undefined) {
        throw new FloeError('NOT_FOUND', `${path}, which ${model} names, is missing`, { file: path });
      }
      shards.push({ path, start, size });
      start += size;
    }
    return new Shards(files, shards, start);
  }

  /** `length` bytes from `offset`, in memory of their own. Throws DATA_LOSS where the group ends before. */
  async read(offset: number, length: number, tensor: string): Promise<Uint8Array> {
    if (length > this.size - offset) throw this.cutOff(offset + length, tensor);
    const parts = this.shards.filter(({ start, size }) => start < offset + length && start + size > offset);
    const pieces = parts.map(({ path, start, size }) => {
      const from = Math.max(offset, start);
      return this.files.readRange(path, from - start, Math.min(offset + length, start + size) - from);
    });
    const [first, ...rest] = await Promise.all(pieces);
    return first !== undefined && rest.length === 0 ? first : Buffer.concat([first ?? new Uint8Array(0), ...rest]);
  }

  /** Throws DATA_LOSS unless the weights end where the files do. */
  checkEnd(end: number, tensor: string): void {
    if (end > this.size) throw this.cutOff(end, tensor);
    if (end === this.size) return;
    const { path, offset } = this.place(end);
    throw corrupt(`${path} holds ${this.size - end} bytes more than its weights need`, { file: path, offset });
  }

  /** The file and the offset in it of a byte of the group; the last file for what lies beyond. */
  private place(at: number): { path: string; offset: number } {
    const shard = this.shards.find(({ start, size }) => at < start + size) ?? this.shards.at(-1);
    return { path: shard?.path ?? 'a group without files', offset: at - (shard?.start ?? 0) };
  }

  /** The error for a weight that would end at byte `wanted` of the group. */
  cutOff(wanted: number, tensor: string): FloeError {
    const { path, offset } = this.place(this.size);
    const message = `${path} ends at byte ${offset}, ${wanted - this.size} bytes before the end of weight ${tensor}`;
    return corrupt(message, { file: path, offset, tensor });
  }
}

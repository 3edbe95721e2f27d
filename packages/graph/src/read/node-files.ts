/** Files of a folder on disk, by Node. The only module of the package that touches a file system. */
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { corrupt, FloeError, invalid } from '../errors.ts';
import type { FileAccess } from '../source.ts';

/** One buffer, and one protocol buffer, holds less than this. */
const MAX_FILE = 2 ** 31 - 1;

/** `root` is a folder; every path is relative to it and cannot leave it by its name. */
export function nodeFiles(root: string): FileAccess {
  return {
    list: async (folder) => {
      const entries = await orAbsent(readdir(inside(root, folder), { withFileTypes: true }), root, folder);
      return (entries ?? []).map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort();
    },
    read: (path) =>
      withFile(root, path, async (file, size) => {
        if (size > MAX_FILE)
          throw new FloeError('OUT_OF_RANGE', `${path} is ${size} bytes, over the 2 GiB of a protocol buffer`, {
            file: path,
          });
        return readInto(file, path, 0, size);
      }),
    readRange: (path, offset, length) =>
      withFile(root, path, (file, size) => {
        if (offset + length > size) {
          const message = `${path} ends at byte ${size}, before byte ${offset + length} that is needed: the file is cut off`;
          throw corrupt(message, { file: path, offset: size });
        }
        return readInto(file, path, offset, length);
      }),
    pieces: (path, length) => piecesOf(root, path, length),
    size: async (path) => {
      const entry = await orAbsent(stat(inside(root, path)), root, path);
      return entry?.isFile() ? entry.size : undefined;
    },
  };
}

/** The path on disk. Throws INVALID_ARGUMENT for one that would leave the folder. */
function inside(root: string, path: string): string {
  const parts = path.split(/[/\\]/);
  if (parts.includes('..') || path.startsWith('/') || path.includes('\0') || /^[A-Za-z]:/.test(path)) {
    throw invalid(`${JSON.stringify(path)} is no path inside the model`, { file: path });
  }
  return join(root, path);
}

async function withFile<T>(
  root: string,
  path: string,
  use: (file: FileHandle, size: number) => Promise<T>,
): Promise<T> {
  await using file = await openFile(root, path);
  const entry = await file.stat();
  if (!entry.isFile()) throw invalid(`${path} is no file`, { file: path });
  return await use(file, entry.size);
}

async function openFile(root: string, path: string): Promise<FileHandle> {
  const file = await orAbsent(open(inside(root, path), 'r'), root, path);
  if (file === undefined) throw new FloeError('NOT_FOUND', `there is no file ${path} in ${root}`, { file: path });
  return file;
}

/** In one buffer, which is filled anew for each. */
async function* piecesOf(root: string, path: string, length: number): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(length);
  await using file = await openFile(root, path);
  if (!(await file.stat()).isFile()) throw invalid(`${path} is no file`, { file: path });
  for (let bytesRead = 1; bytesRead > 0; ) {
    ({ bytesRead } = await file.read(buffer, 0, length));
    if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
  }
}

async function readInto(file: FileHandle, path: string, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(bytes, at, length - at, offset + at);
    if (bytesRead === 0)
      throw corrupt(`${path} ended at byte ${offset + at} while it was read`, { file: path, offset: offset + at });
    at += bytesRead;
  }
  return bytes;
}

/** Undefined for what does not exist; other failures become FloeErrors. */
async function orAbsent<T>(work: Promise<T>, root: string, path: string): Promise<T | undefined> {
  try {
    return await work;
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    const denied = code === 'EACCES' || code === 'EPERM';
    const reason = denied ? 'permission denied' : message;
    const canonical = denied ? 'PERMISSION_DENIED' : 'UNAVAILABLE';
    throw new FloeError(canonical, `${join(root, path)} cannot be read: ${reason}`, { file: path }, thrown);
  }
}

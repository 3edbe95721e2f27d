/**
 * Folders that appear whole or not at all: written under a hidden name, flushed to the disk, then renamed into place. While one file is on
 * its way to the disk the next one is made already.
 */
import { createHash, randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FloeError } from '@floe/graph/base';
import { diskError } from './disk-error.ts';
import { exists, type FileDigest } from './version-folder.ts';

/** Bytes that are handed to the system at a time; they are digested while it writes them. */
const BUFFER = 1024 * 1024;

/** A folder that nobody else sees yet. */
export class NewFolder {
  readonly path: string;
  private readonly flushes: Promise<void>[] = [];

  constructor(path: string) {
    this.path = path;
  }

  /** Writes pieces to a new file, digests them on the way, and starts to flush them to the disk. Throws RESOURCE_EXHAUSTED. */
  async write(name: string, pieces: Iterable<Uint8Array>): Promise<FileDigest> {
    const path = join(this.path, name);
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, 'wx');
    try {
      const digest = await writePieces(file, path, pieces);
      this.flush(file);
      return digest;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Resolves when everything that was written is on the disk. */
  async flushed(): Promise<void> {
    await Promise.all(this.flushes);
    await syncFolder(this.path);
  }

  /** Resolves when no file is open any more, however that went. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.flushes);
  }

  private flush(file: FileHandle): void {
    const flush = file.sync().finally(() => file.close());
    // A failure is reported by `flushed`, until when nobody listens.
    flush.catch(() => {});
    this.flushes.push(flush);
  }
}

/** A piece is not looked at any more when the next one is asked for. */
async function writePieces(file: FileHandle, path: string, pieces: Iterable<Uint8Array>): Promise<FileDigest> {
  const hash = createHash('sha256');
  const buffer = new Uint8Array(BUFFER);
  let bytes = 0;
  let buffered = 0;
  const write = async (chunk: Uint8Array): Promise<void> => {
    const writing = file.write(chunk);
    hash.update(chunk);
    bytes += chunk.byteLength;
    if ((await writing).bytesWritten !== chunk.byteLength)
      throw new FloeError('RESOURCE_EXHAUSTED', `${path}: the disk is full`, { file: path });
  };
  for (const chunk of chunksOf(pieces)) {
    if (buffered + chunk.byteLength > BUFFER) {
      await write(buffer.subarray(0, buffered));
      buffered = 0;
    }
    if (chunk.byteLength === BUFFER) await write(chunk);
    else {
      buffer.set(chunk, buffered);
      buffered += chunk.byteLength;
    }
  }
  await write(buffer.subarray(0, buffered));
  return { bytes, sha256: hash.digest('hex') };
}

function* chunksOf(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const piece of pieces) {
    for (let at = 0; at < piece.byteLength; at += BUFFER) yield piece.subarray(at, at + BUFFER);
  }
}

/** Hidden folders that are being filled. */
const unfinished = new Set<string>();

/** Removes what is half written, at once: for a process that is told to end. */
export function discardUnfinished(): void {
  for (const path of unfinished) rmSync(path, { recursive: true, force: true });
}

/** Makes `folder` by `fill`, which gets a hidden one beside it; only a whole one appears under its name. Throws ALREADY_EXISTS. */
export async function createWhole<T>(folder: string, fill: (hidden: NewFolder) => Promise<T>): Promise<T> {
  if (await exists(folder)) throw alreadyThere(folder);
  const hidden = new NewFolder(
    join(dirname(folder), `.${basename(folder)}.${process.pid}.${randomBytes(4).toString('hex')}`),
  );
  unfinished.add(hidden.path);
  try {
    await removeAbandoned(dirname(folder));
    await mkdir(hidden.path, { recursive: true });
    const result = await fill(hidden);
    await hidden.flushed();
    await rename(hidden.path, folder);
    await syncFolder(dirname(folder));
    return result;
  } catch (error) {
    await hidden.settled();
    await rm(hidden.path, { recursive: true, force: true }).catch(() => {});
    throw isTaken(error) ? alreadyThere(folder, error) : diskError(error, folder);
  } finally {
    unfinished.delete(hidden.path);
  }
}

const HIDDEN = /^\..+\.(?<pid>\d+)\.[0-9a-f]{8}$/;

/** Nothing is written for that long without a change; on a shared disk the process may be another machine's. */
const ABANDONED_MS = 60 * 60 * 1000;

/** What a process left that was killed while it wrote. */
async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent).catch(() => [])) {
    const pid = HIDDEN.exec(name)?.groups?.['pid'];
    const path = join(parent, name);
    if (pid === undefined || isRunning(Number(pid))) continue;
    const entry = await stat(path).catch(() => undefined);
    if (entry !== undefined && Date.now() - entry.mtimeMs > ABANDONED_MS)
      await rm(path, { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

function isTaken(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOTEMPTY' || code === 'EEXIST';
}

function alreadyThere(folder: string, cause?: unknown): FloeError {
  return new FloeError(
    'ALREADY_EXISTS',
    `${folder} exists already; a version is never overwritten`,
    { file: folder },
    cause,
  );
}

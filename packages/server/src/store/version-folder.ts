/**
 * A version's folder on disk: `frozen.pb`, `model.json`, `assets/`, `compiled/`. A version is written under a hidden name and
 * renamed into place when it is whole, so that nobody ever sees a part of one.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FloeError } from '@floe/graph/base';
import { type Manifest, parseManifest } from '../core/manifest.ts';

export const FROZEN_FILE = 'frozen.pb';
export const MANIFEST_FILE = 'model.json';
export const COMPILED_FOLDER = 'compiled';

/** Bytes read at a time. */
const PIECE = 1024 * 1024;

export interface FileDigest {
  readonly bytes: number;
  readonly sha256: string;
}

/** Throws NOT_FOUND where the folder has no manifest. */
export async function readManifest(folder: string): Promise<Manifest> {
  const file = join(folder, MANIFEST_FILE);
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new FloeError('NOT_FOUND', `${folder} has no ${MANIFEST_FILE}: it is no frozen version`, { file }, cause);
  });
  return parseManifest(text, file);
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Writes pieces to a file, flushed to the disk, and digests them on the way. */
export async function writeFile(path: string, pieces: Iterable<Uint8Array>): Promise<FileDigest> {
  await mkdir(dirname(path), { recursive: true });
  const hash = createHash('sha256');
  const handle = await open(path, 'wx');
  let bytes = 0;
  try {
    for (const batch of batches(pieces)) {
      const before = bytes;
      for (const piece of batch) {
        hash.update(piece);
        bytes += piece.byteLength;
      }
      const { bytesWritten } = await handle.writev(batch as Uint8Array[]);
      if (bytesWritten !== bytes - before)
        throw new FloeError('RESOURCE_EXHAUSTED', `${path}: the disk is full`, { file: path });
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** One system call takes at most 1,024 pieces and writes less than 2 GiB whole: stay well below both limits. */
function* batches(pieces: Iterable<Uint8Array>): Generator<readonly Uint8Array[]> {
  const most = 64 * 1024 * 1024;
  let batch: Uint8Array[] = [];
  let bytes = 0;
  for (const piece of pieces) {
    for (let at = 0; at < piece.byteLength; at += most) {
      const part = piece.subarray(at, at + most);
      if (batch.length === 512 || bytes + part.byteLength > most) {
        if (batch.length > 0) yield batch;
        batch = [];
        bytes = 0;
      }
      batch.push(part);
      bytes += part.byteLength;
    }
  }
  if (batch.length > 0) yield batch;
}

/** SHA-256 of a file, read off the event loop piece by piece into one buffer. */
export async function digestFile(path: string): Promise<FileDigest> {
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafeSlow(PIECE);
  let bytes = 0;
  const handle = await open(path, 'r');
  try {
    for (;;) {
      const { bytesRead } = await handle.read(piece, 0, PIECE);
      if (bytesRead === 0) return { bytes, sha256: hash.digest('hex') };
      hash.update(piece.subarray(0, bytesRead));
      bytes += bytesRead;
    }
  } finally {
    await handle.close();
  }
}

/** Compares a file with the digest that was stored for it. Throws DATA_LOSS. */
export async function verifyFile(path: string, expected: FileDigest): Promise<void> {
  const found = await digestFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new FloeError('DATA_LOSS', `${path} cannot be read: ${cause.message}`, { file: path }, cause);
  });
  if (found.sha256 === expected.sha256) return;
  const what =
    found.bytes === expected.bytes ? 'its content changed' : `it has ${found.bytes} bytes instead of ${expected.bytes}`;
  throw new FloeError('DATA_LOSS', `${path} is not the file that was written: ${what}`, { file: path });
}

/**
 * Makes `folder` by `fill`, which gets a hidden folder beside it; only a whole one appears under its name. Throws ALREADY_EXISTS.
 */
export async function createWhole<T>(folder: string, fill: (hidden: string) => Promise<T>): Promise<T> {
  if (await exists(folder)) throw alreadyThere(folder);
  const hidden = join(dirname(folder), `.${basename(folder)}.${process.pid}.${randomBytes(4).toString('hex')}`);
  await mkdir(hidden, { recursive: true });
  try {
    const result = await fill(hidden);
    await syncFolder(hidden);
    await rename(hidden, folder);
    await syncFolder(dirname(folder));
    return result;
  } catch (error) {
    await rm(hidden, { recursive: true, force: true });
    throw isTaken(error) ? alreadyThere(folder, error) : error;
  }
}

/** Version numbers in a model's folder, ascending: folders whose name is a decimal integer. */
export async function listVersions(modelFolder: string): Promise<readonly number[]> {
  const entries = await readdir(modelFolder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isFile() && /^\d{1,15}$/.test(entry.name))
    .map((entry) => Number(entry.name))
    .sort((a, b) => a - b);
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

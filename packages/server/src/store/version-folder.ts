/**
 * A version's folder on disk: `frozen.pb`, `model.json`, `assets/`, `assets.extra/`, `compiled/`. A version appears whole or not at all; see
 * `new-folder.ts`.
 */
import { createHash } from 'node:crypto';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FloeError } from '@floe/graph/base';
import { type Manifest, parseManifest } from '../core/manifest.ts';
import { readError } from './read-error.ts';

export const FROZEN_FILE = 'frozen.pb';
export const MANIFEST_FILE = 'model.json';
export const COMPILED_FOLDER = 'compiled';
/** Requests that warm a version, as TensorFlow Serving has them beside a SavedModel. */
export const WARM_UP_FILE = 'assets.extra/tf_serving_warmup_requests';

/** Bytes read at a time. */
const PIECE = 1024 * 1024;

export interface FileDigest {
  readonly bytes: number;
  readonly sha256: string;
}

/** Throws NOT_FOUND where the folder has no manifest, and as `readError`. */
export async function readManifest(folder: string): Promise<Manifest> {
  const file = join(folder, MANIFEST_FILE);
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT' && cause.code !== 'ENOTDIR') throw readError(cause, file);
    throw new FloeError('NOT_FOUND', `${folder} has no ${MANIFEST_FILE}: it is no frozen version`, { file }, cause);
  });
  return parseManifest(text, file);
}

/** Undefined where none came along. */
export async function readWarmUp(folder: string): Promise<Uint8Array | undefined> {
  const path = join(folder, WARM_UP_FILE);
  return (await isFile(path)) ? readVersionFile(path) : undefined;
}

/** Throws as `readError`. */
export function readVersionFile(path: string): Promise<Buffer> {
  return readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw readError(cause, path);
  });
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  );
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
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

/** Compares a file with the digest that was stored for it. Throws DATA_LOSS, and as `readError`. */
export async function verifyFile(path: string, expected: FileDigest): Promise<void> {
  const found = await digestFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw readError(cause, path, 'DATA_LOSS');
  });
  if (found.sha256 === expected.sha256) return;
  const what =
    found.bytes === expected.bytes ? 'its content changed' : `it has ${found.bytes} bytes instead of ${expected.bytes}`;
  throw new FloeError('DATA_LOSS', `${path} is not the file that was written: ${what}`, { file: path });
}

/** Version numbers in a model's folder, ascending: folders whose name is a decimal integer. */
export async function listVersions(modelFolder: string): Promise<readonly number[]> {
  const entries = await readdir(modelFolder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isFile() && /^\d{1,15}$/.test(entry.name))
    .map((entry) => Number(entry.name))
    .sort((a, b) => a - b);
}

/** SHA-256 of bytes and of files, in hex. Files are hashed piece by piece, so that a shard of any size needs little memory. */
import { createHash, hash } from 'node:crypto';
import type { FileAccess } from './source.ts';

const PIECE = 2 ** 20;

export function sha256(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

/** Throws NOT_FOUND for a file that does not exist. */
export async function sha256OfFile(files: FileAccess, path: string): Promise<string> {
  const size = await files.size(path);
  if (size === undefined) return sha256(await files.read(path));
  const digest = createHash('sha256');
  for (let at = 0; at < size; at += PIECE) digest.update(await files.readRange(path, at, Math.min(PIECE, size - at)));
  return digest.digest('hex');
}

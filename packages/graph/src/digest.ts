/** SHA-256 of bytes and of files, in hex. Files are hashed piece by piece, so that a shard of any size needs little memory. */
import { createHash, hash } from 'node:crypto';
import type { FileAccess } from './source.ts';

const PIECE = 2 ** 20;

export function sha256(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

/** Throws NOT_FOUND for a file that does not exist. */
export async function sha256OfFile(files: FileAccess, path: string): Promise<string> {
  const digest = createHash('sha256');
  for await (const piece of files.pieces(path, PIECE)) digest.update(piece);
  return digest.digest('hex');
}

/** A file that is there whole or not at all, whatever happens meanwhile. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { diskError } from './disk-error.ts';

/**
 * Takes the place of what is there; makes its folder. Throws what the disk refuses, see `diskError`, and what `content` throws.
 */
export async function writeWhole(
  file: string,
  content: Uint8Array | string | AsyncIterable<Uint8Array>,
): Promise<void> {
  const hidden = join(dirname(file), `.${basename(file)}-${randomUUID()}`);
  try {
    await mkdir(dirname(file), { recursive: true });
    const handle = await open(hidden, 'wx');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(hidden, file);
  } catch (thrown) {
    await rm(hidden, { force: true }).catch(() => {});
    throw diskError(thrown, file);
  }
}

/** Whether a file of that name is one on its way. */
export function isUnfinished(name: string): boolean {
  return /^\..+-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name);
}

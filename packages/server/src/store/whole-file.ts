/** A file that is there whole or not at all, whatever happens meanwhile. */
import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { diskError } from './disk-error.ts';

/** Takes the place of what is there. Throws what the disk refuses, see `diskError`. */
export async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  const hidden = join(dirname(file), `.${basename(file)}-${randomUUID()}`);
  try {
    const handle = await open(hidden, 'wx');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(hidden, file);
  } catch (thrown) {
    await rm(hidden, { force: true });
    throw diskError(thrown, file);
  }
}

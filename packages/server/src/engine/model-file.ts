/** The model's file, before native code looks at it. */
import { stat } from 'node:fs/promises';
import { FloeError } from '@floe/graph/base';

/** Throws NOT_FOUND unless `path` is a file. Whatever the library misses after that is a part of the model. */
export async function requireModel(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) throw new FloeError('NOT_FOUND', `there is no model at ${path}`, { file: path });
}

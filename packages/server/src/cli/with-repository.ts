/** The repository that a command is about. */
import process from 'node:process';
import { invalid } from '@floe/graph/base';
import type { ObjectStore } from '../store/objects/object-store.ts';
import { openObjectStore } from '../store/objects/open.ts';

/** The one that an option names, or the environment. Throws INVALID_ARGUMENT where neither does. */
export async function withRepository<T>(
  options: Readonly<Record<string, unknown>>,
  work: (objects: ObjectStore) => Promise<T>,
): Promise<T> {
  const url = String(options['models'] ?? process.env['FLOE_MODELS'] ?? '');
  if (url === '') throw invalid('which repository is not said: --models, or FLOE_MODELS', { field: '--models' });
  const objects = await openObjectStore(url);
  try {
    return await work(objects);
  } finally {
    objects.close();
  }
}

/** Plain SavedModels in a registry root are frozen at load, once, into the cache; frozen versions are used where they are. */
import { join } from 'node:path';
import { FloeError } from '@floe/graph/base';
import type { Builder } from '../build/builder.ts';
import type { FoundVersion } from '../registry/scan.ts';
import { exists, MANIFEST_FILE } from '../store/version-folder.ts';

/** The folder of the frozen form of `found`. Throws what freezing throws. */
export async function frozenFolder(found: FoundVersion, builder: Builder, cacheDir: string): Promise<string> {
  if (found.kind !== 'saved-model') return found.folder;
  const root = join(cacheDir, 'frozen', found.fingerprint);
  const folder = join(root, found.model, String(found.version));
  if (await exists(join(folder, MANIFEST_FILE))) return folder;
  await builder
    .freeze({ source: found.folder, root, name: found.model, version: found.version })
    .catch((error: unknown) => {
      // Another server with the same cache was faster.
      if (!(error instanceof FloeError && error.code === 'ALREADY_EXISTS')) throw error;
    });
  return folder;
}

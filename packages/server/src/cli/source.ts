/** Where a server's models come from: a folder as it is, a bucket through a cache on this machine's disk. */
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { FloeError } from '@floe/graph/base';
import type { Logger } from 'pino';
import { mebibytes, type ServeConfig } from '../core/config.ts';
import { FolderSource, type ModelSource } from '../registry/source.ts';
import { isRemote, openObjectStore } from '../store/objects/open.ts';
import { cacheFolder } from './costs.ts';
import type { Closing } from './serving.ts';

export async function openSource(config: ServeConfig, log: Logger, closing: Closing): Promise<ModelSource> {
  const onError = (err: FloeError): void => log.error({ err }, 'what is known of models is older');
  if (!isRemote(config.models)) return new FolderSource(resolve(config.models), onError);
  const [{ ModelRepository }, { RepositorySource }, { VersionCache }] = await Promise.all([
    import('../registry/repository.ts'),
    import('../registry/repository-source.ts'),
    import('../registry/version-cache.ts'),
  ]);
  const objects = await openObjectStore(config.models);
  closing.push(() => objects.close());
  const name = createHash('sha256').update(config.models).digest('hex').slice(0, 16);
  const folder = join(cacheFolder(config), 'repository', name);
  const cache = new VersionCache(folder, mebibytes(config.modelCacheMb));
  return new RepositorySource({ repository: new ModelRepository(objects), cache, folder, onError });
}

/** What may be said from outside about which models are served: one is loaded or unloaded, or a list says it of all. */
import { resolve } from 'node:path';
import { FloeError, invalid } from '@floe/graph/base';
import type { ModelEntry } from '../codec/tfs-grpc/reload.ts';
import type { ListedSource } from '../registry/listed-source.ts';
import type { Watcher } from '../registry/watcher.ts';
import type { ServedModels } from '../servable/models.ts';
import { isRemote } from '../store/objects/open.ts';
import type { Repository } from '../transport/repository.ts';

/** `place`: the folder of models, the URL of a repository, or what lists them one by one. */
export function repositoryControl(place: string | ListedSource, watcher: Watcher, models: ServedModels): Repository {
  const { selection } = watcher;
  return {
    load: async (model) => {
      selection.show(model);
      await watcher.look();
      models.status({ name: model });
    },
    unload: async (model) => {
      await watcher.look();
      if (!watcher.found(model)) return false;
      selection.hide(model);
      await watcher.look();
      return true;
    },
    unloaded: () => selection.hidden,
    reload: async (listed) => {
      await watcher.look();
      const chosen = listed.map(({ name, basePath, versions, labels }) => ({ name, basePath, ...versions, labels }));
      if (typeof place !== 'string') place.replace(chosen);
      else {
        for (const model of listed) checkPlace(place, watcher, model);
        selection.choose(new Map(chosen.map((model) => [model.name, model])));
      }
      await watcher.look();
      for (const model of listed) checkServed(models, model);
    },
  };
}

/** All models lie in one place here: a list can choose among them, and not bring others. */
function checkPlace(root: string, watcher: Watcher, { name, basePath }: ModelEntry): void {
  const field = 'config.model_config_list.base_path';
  const here = isRemote(root) ? `${root.replace(/\/+$/, '')}/${name}` : resolve(root, name);
  const there = isRemote(root) ? basePath.replace(/\/+$/, '') : resolve(basePath);
  if (here !== there) throw invalid(`model ${name} has to lie in ${here}, not in ${basePath}`, { field });
  if (watcher.found(name)) return;
  throw new FloeError('NOT_FOUND', `Could not find base path ${basePath} for servable ${name}`, { field });
}

function checkServed(models: ServedModels, { name, labels }: ModelEntry): void {
  const serving = models.status({ name }).filter(({ state }) => state === 'AVAILABLE');
  if (serving.length === 0) {
    throw new FloeError('FAILED_PRECONDITION', `model ${name} is listed, but none of its versions could be loaded`);
  }
  for (const [label, wanted] of Object.entries(labels)) {
    if (serving.some(({ version }) => version === wanted)) continue;
    const message = `Requested model version label ${label} points to version ${wanted} of model ${name}, which is not available`;
    throw new FloeError('FAILED_PRECONDITION', message, { field: 'config.model_config_list.version_labels' });
  }
}

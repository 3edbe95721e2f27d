/** The repository that a server's models come from, where it is written to: it looks after trials, and does as a person decides. */
import type { Logger } from 'pino';
import type { ServeConfig } from '../core/config.ts';
import type { ModelRepository } from '../registry/repository.ts';
import type { Aspired } from '../registry/selection.ts';
import { openObjectStore } from '../store/objects/open.ts';
import type { Closing, Serving } from './serving.ts';

/** Opens it when it is first asked for. */
export function repositoryOf(config: ServeConfig, closing: Closing): () => Promise<ModelRepository> {
  const open = async (): Promise<ModelRepository> => {
    const { ModelRepository } = await import('../registry/repository.ts');
    const objects = await openObjectStore(config.models);
    closing.push(() => objects.close());
    return new ModelRepository(objects);
  };
  let repository: Promise<ModelRepository> | undefined;
  return () => (repository ??= open());
}

/** Looks after trials that go by steps. */
export function rolloutOf(
  repository: () => Promise<ModelRepository>,
  { models, feedback }: Pick<Serving, 'models' | 'feedback'>,
  log: Logger,
): (aspired: ReadonlyMap<string, Aspired>) => Promise<void> {
  const open = async () => {
    const { RolloutKeeper } = await import('../servable/rollout-keeper.ts');
    return new RolloutKeeper({
      repository: await repository(),
      trial: (model) => models.trial(model),
      statuses: (model) => models.status({ name: model }),
      log: (model, { version, percent }, step) => log.info({ model, version, percent, ...step }, 'trial'),
      onError: (err) => log.error({ err }, 'a trial could not be moved'),
      ...(feedback === undefined ? {} : { live: (model: string) => feedback.tallies(model) }),
    });
  };
  let keeper: ReturnType<typeof open> | undefined;
  return async (aspired) => {
    for (const [model, { channels }] of aspired) {
      if (channels.canary?.steps === undefined) continue;
      keeper ??= open();
      await (await keeper).look(model, channels);
    }
  };
}

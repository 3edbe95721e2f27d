/** Lets a server look after trials that go by steps, once it is told of one. */
import type { Logger } from 'pino';
import type { ServeConfig } from '../core/config.ts';
import type { Aspired } from '../registry/watcher.ts';
import { openObjectStore } from '../store/objects/open.ts';
import type { Closing, Serving } from './serving.ts';

export function rolloutOf(
  config: ServeConfig,
  { models, feedback }: Pick<Serving, 'models' | 'feedback'>,
  log: Logger,
  closing: Closing,
): (aspired: ReadonlyMap<string, Aspired>) => Promise<void> {
  const open = async () => {
    const [{ ModelRepository }, { RolloutKeeper }] = await Promise.all([
      import('../registry/repository.ts'),
      import('../servable/rollout-keeper.ts'),
    ]);
    const objects = await openObjectStore(config.models);
    closing.push(() => objects.close());
    return new RolloutKeeper({
      repository: new ModelRepository(objects),
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

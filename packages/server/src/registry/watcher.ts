/**
 * Watches a source of models by looking at intervals, which works on every file system, mount and bucket. Whoever watches is told what should
 * serve; a look that fails changes nothing.
 */
import { asFloeError, type FloeError } from '@floe/graph/base';
import { aspiredVersions, type Channels } from './aspired.ts';
import type { FoundVersion } from './scan.ts';
import type { FoundModel, ModelSource } from './source.ts';

export interface Aspired {
  readonly versions: readonly FoundVersion[];
  readonly channels: Channels;
}

export interface WatcherOptions {
  readonly source: ModelSource;
  readonly keepVersions: number;
  readonly pollSeconds: number;
  /** Told after every look; the next look waits for it. */
  readonly onAspired: (models: ReadonlyMap<string, Aspired>) => Promise<void>;
  readonly onError: (error: FloeError) => void;
  /** Told of versions that are there no more, once what should serve has been brought up. */
  readonly onDeleted?: (model: string, version: number) => void;
}

export class Watcher {
  private readonly options: WatcherOptions;
  private lastFound: ReadonlyMap<string, FoundModel> = new Map();
  private timer: NodeJS.Timeout | undefined;
  private readonly hiddenModels = new Set<string>();
  private looking: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(options: WatcherOptions) {
    this.options = options;
  }

  /** Looks once and then at intervals until `stop`. */
  start(): Promise<void> {
    const first = this.look();
    void first.catch(() => {}).then(() => this.schedule());
    return first;
  }

  /** Looks now; resolves when all that was found is loaded or has failed. Throws as `ModelSource.find`. */
  look(): Promise<void> {
    const look = this.looking.then(() => this.lookOnce());
    this.looking = look.catch(() => {});
    return look;
  }

  /** Models that are passed over although they are there. */
  get hidden(): readonly string[] {
    return [...this.hiddenModels].sort();
  }

  /** Passes over a model until it is shown, and looks; false where there is no such model. */
  async hide(model: string): Promise<boolean> {
    await this.looking;
    if (!this.lastFound.has(model)) return false;
    this.hiddenModels.add(model);
    await this.look();
    return true;
  }

  /** Takes a model into account again, and looks. */
  show(model: string): Promise<void> {
    this.hiddenModels.delete(model);
    return this.look();
  }

  /** Ends the watch; resolves when a look under way is over. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.looking;
  }

  private schedule(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.look()
        .catch((error: unknown) => this.options.onError(asFloeError(error)))
        .then(() => this.schedule());
    }, this.options.pollSeconds * 1000);
    this.timer.unref();
  }

  private async lookOnce(): Promise<void> {
    if (this.stopped) return;
    const { source, keepVersions } = this.options;
    const found = await source.find();
    const models = new Map<string, Aspired>();
    for (const [model, { versions, channels }] of found) {
      if (versions.length === 0 || this.hiddenModels.has(model)) continue;
      models.set(model, { channels, versions: aspiredVersions(versions, channels, keepVersions) });
    }
    await this.options.onAspired(models);
    for (const { model, version } of deleted(this.lastFound, found)) this.options.onDeleted?.(model, version);
    this.lastFound = found;
    await source.needed([...models.values()].flatMap(({ versions }) => versions));
  }
}

function deleted(
  before: ReadonlyMap<string, FoundModel>,
  now: ReadonlyMap<string, FoundModel>,
): readonly FoundVersion[] {
  return [...before].flatMap(([model, { versions }]) => {
    const there = new Set(now.get(model)?.versions.map(({ version }) => version));
    return versions.filter(({ version }) => !there.has(version));
  });
}

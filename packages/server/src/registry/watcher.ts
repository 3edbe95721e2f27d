/**
 * Watches a registry root by looking at intervals, which works on every file system and mount. Whoever watches is told what should
 * serve; a look that fails changes nothing.
 */
import { join } from 'node:path';
import { asFloeError, type FloeError } from '@floe/graph/base';
import { aspiredVersions, type Channels } from './aspired.ts';
import { readChannels } from './channels.ts';
import { type FoundVersion, scanRoot } from './scan.ts';

export interface Aspired {
  readonly versions: readonly FoundVersion[];
  readonly channels: Channels;
}

export interface WatcherOptions {
  readonly root: string;
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
  private readonly lastChannels = new Map<string, Channels>();
  private lastFound: ReadonlyMap<string, readonly FoundVersion[]> = new Map();
  private timer: NodeJS.Timeout | undefined;
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

  /** Looks now; resolves when all that was found is loaded or has failed. Throws NOT_FOUND where the root cannot be read. */
  look(): Promise<void> {
    const look = this.looking.then(() => this.lookOnce());
    this.looking = look.catch(() => {});
    return look;
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
    const found = await scanRoot(this.options.root);
    const models = new Map<string, Aspired>();
    for (const [model, versions] of found) {
      const channels = await this.channelsOf(model);
      models.set(model, { channels, versions: aspiredVersions(versions, channels, this.options.keepVersions) });
    }
    await this.options.onAspired(models);
    for (const { model, version } of deleted(this.lastFound, found)) this.options.onDeleted?.(model, version);
    this.lastFound = found;
  }

  /** An unreadable channels file leaves the channels as they were. */
  private async channelsOf(model: string): Promise<Channels> {
    try {
      const channels = await readChannels(join(this.options.root, model));
      this.lastChannels.set(model, channels);
      return channels;
    } catch (error) {
      this.options.onError(asFloeError(error));
      return this.lastChannels.get(model) ?? { labels: {} };
    }
  }
}

function deleted(
  before: ReadonlyMap<string, readonly FoundVersion[]>,
  now: ReadonlyMap<string, readonly FoundVersion[]>,
): readonly FoundVersion[] {
  return [...before].flatMap(([model, versions]) => {
    const there = new Set(now.get(model)?.map(({ version }) => version));
    return versions.filter(({ version }) => !there.has(version));
  });
}

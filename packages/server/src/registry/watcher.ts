/**
 * Watches a source of models by looking at intervals, which works on every file system, mount and bucket. Whoever watches is told what should
 * serve; a look that fails changes nothing.
 */
import { asFloeError, type FloeError } from '@floe/graph/base';
import type { FoundVersion } from './scan.ts';
import { type Aspired, Selection } from './selection.ts';
import type { FoundModel, ModelSource } from './source.ts';

export interface WatcherOptions {
  readonly source: ModelSource;
  readonly keepVersions: number;
  readonly pollSeconds: number;
  /** Told after every look; the next look waits for it. */
  readonly onAspired: (models: ReadonlyMap<string, Aspired>) => Promise<void>;
  readonly onError: (error: FloeError) => void;
  /** What is chosen of what is found; default: everything. */
  readonly selection?: Selection;
  /** Told of versions that are there no more, once what should serve has been brought up. */
  readonly onDeleted?: (model: string, version: number) => void;
}

export class Watcher {
  /** A change of it counts from the next look on. */
  readonly selection: Selection;
  private readonly options: WatcherOptions;
  private lastFound: ReadonlyMap<string, FoundModel> = new Map();
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(options: WatcherOptions) {
    this.options = options;
    this.selection = options.selection ?? new Selection();
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

  /** Whether the last look found the model, selected or not. */
  found(model: string): boolean {
    return this.lastFound.has(model);
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
    for (const [model, all] of found) {
      const aspired = this.selection.of(model, all, keepVersions);
      if (aspired !== undefined) models.set(model, aspired);
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

/**
 * Models that somebody lists one by one, each in a place of its own, as TensorFlow Serving's configuration does. The list may change while the
 * server runs: it is asked for at each look.
 */
import { FloeError } from '@floe/graph/base';
import { NO_CHANNELS } from './aspired.ts';
import { type FoundVersion, scanLone, scanModel } from './scan.ts';
import type { Choice, Selection } from './selection.ts';
import type { Brought, FoundModel, ModelSource } from './source.ts';

export interface Listed extends Choice {
  readonly name: string;
  /** Folder of `<version>/`. */
  readonly basePath: string;
  /** Where there are none, a version may lie straight in that folder. */
  readonly lone?: boolean;
}

export interface ListedOptions {
  /** What is listed now; the same array as long as nothing has changed. */
  readonly list: () => Promise<readonly Listed[]>;
  /** Gets each list's choice of versions and labels. */
  readonly selection: Selection;
  /** Told of what is wrong with a list or a place; the others are served. */
  readonly onError: (error: FloeError) => void;
}

export class ListedSource implements ModelSource {
  private readonly options: ListedOptions;
  private last: readonly Listed[] | undefined;
  private models: readonly Listed[] = [];
  private missing = new Set<string>();

  constructor(options: ListedOptions) {
    this.options = options;
  }

  async find(): Promise<ReadonlyMap<string, FoundModel>> {
    const listed = await this.options.list();
    if (listed !== this.last) this.replace(listed);
    this.last = listed;
    const found = new Map<string, FoundModel>();
    for (const model of this.models)
      found.set(model.name, { versions: await this.versionsOf(model), channels: NO_CHANNELS });
    return found;
  }

  /** Serves these from the next look on, until the list changes. */
  replace(models: readonly Listed[]): void {
    this.models = models;
    this.options.selection.choose(new Map(models.map((model) => [model.name, model])));
  }

  async bring({ folder }: FoundVersion): Promise<Brought> {
    return { folder };
  }

  async needed(): Promise<void> {}

  /** A place that is not there yet may come: it is told of once. */
  private async versionsOf({ name, basePath, lone = false }: Listed): Promise<readonly FoundVersion[]> {
    const numbered = await scanModel(basePath, name);
    const versions = numbered.length > 0 || !lone ? numbered : await scanLone(basePath, name);
    if (versions.length > 0) this.missing.delete(name);
    else if (!this.missing.has(name)) {
      this.missing.add(name);
      const message = `No versions of servable ${name} found under base path ${basePath}`;
      this.options.onError(new FloeError('NOT_FOUND', message, { file: basePath }));
    }
    return versions;
  }
}

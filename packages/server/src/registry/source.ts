/** Where a server finds its models: a folder that it looks into, or a repository elsewhere (`repository-source.ts`). */
import { join } from 'node:path';
import { asFloeError, type FloeError } from '@floe/graph/base';
import { type Channels, NO_CHANNELS } from './aspired.ts';
import { readChannels } from './channels.ts';
import { type FoundVersion, scanRoot } from './scan.ts';

export interface FoundModel {
  readonly versions: readonly FoundVersion[];
  readonly channels: Channels;
}

/** A version that is here. */
export interface Brought {
  readonly folder: string;
  /** Its frozen graph's file, where that comes only when it is asked for. Throws what bringing it does. */
  readonly graph?: () => Promise<string>;
}

export interface ModelSource {
  /** All that is there now. Throws NOT_FOUND, UNAVAILABLE; then what was found before still holds. */
  find(): Promise<ReadonlyMap<string, FoundModel>>;
  /** Brings a version here, if it is not yet. */
  bring(found: FoundVersion): Promise<Brought>;
  /** Told which versions should serve, after each look. */
  needed(versions: readonly FoundVersion[]): Promise<void>;
}

export class FolderSource implements ModelSource {
  private readonly root: string;
  private readonly onError: (error: FloeError) => void;
  private readonly lastChannels = new Map<string, Channels>();

  constructor(root: string, onError: (error: FloeError) => void) {
    this.root = root;
    this.onError = onError;
  }

  async find(): Promise<ReadonlyMap<string, FoundModel>> {
    const models = new Map<string, FoundModel>();
    for (const [model, versions] of await scanRoot(this.root))
      models.set(model, { versions, channels: await this.channelsOf(model) });
    return models;
  }

  async bring({ folder }: FoundVersion): Promise<Brought> {
    return { folder };
  }

  async needed(): Promise<void> {}

  /** An unreadable channels file leaves the channels as they were. */
  private async channelsOf(model: string): Promise<Channels> {
    try {
      const channels = await readChannels(join(this.root, model));
      this.lastChannels.set(model, channels);
      return channels;
    } catch (error) {
      this.onError(asFloeError(error));
      return this.lastChannels.get(model) ?? NO_CHANNELS;
    }
  }
}

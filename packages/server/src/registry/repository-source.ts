/**
 * A repository as the source of a server's models. A look costs one conditional read for all models and one for each; nothing is listed but at
 * the start, and at long intervals where there is no index. Where the repository is away, a server starts from what it saw last.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asFloeError, FloeError } from '@floe/graph/base';
import { z } from 'zod';
import { writeWhole } from '../store/whole-file.ts';
import { type Channels, NO_CHANNELS } from './aspired.ts';
import { channelsOf, Pointers } from './channels.ts';
import type { PublishedVersion, Versions } from './index-file.ts';
import type { ModelRepository } from './repository.ts';
import type { FoundVersion } from './scan.ts';
import type { Brought, FoundModel, ModelSource } from './source.ts';
import type { VersionCache } from './version-cache.ts';

const LIST_AGAIN_MS = 300_000;
const SEEN_FILE = 'seen.json';

const Published = z.object({ version: z.int(), bytes: z.number() });
const Seen = z.record(z.string(), z.object({ versions: z.array(Published), channels: Pointers }));

export interface RepositorySourceOptions {
  readonly repository: ModelRepository;
  readonly cache: VersionCache;
  /** Folder of what was seen last. */
  readonly folder: string;
  readonly onError: (error: FloeError) => void;
  readonly now?: () => number;
}

interface KnownChannels {
  readonly channels: Channels;
  readonly etag?: string;
}

export class RepositorySource implements ModelSource {
  private readonly options: RepositorySourceOptions;
  private readonly now: () => number;
  private versions: Versions | undefined;
  private indexEtag: string | undefined;
  private listedAt = Number.NEGATIVE_INFINITY;
  private readonly channels = new Map<string, KnownChannels>();
  /** What should serve, and what was brought for that since: the cache keeps it. */
  private readonly kept = new Set<FoundVersion>();
  private seen = '';

  constructor(options: RepositorySourceOptions) {
    this.options = options;
    this.now = options.now ?? (() => performance.now());
  }

  async find(): Promise<ReadonlyMap<string, FoundModel>> {
    try {
      this.versions = await this.readVersions();
      await Promise.all([...this.versions.keys()].map((model) => this.readChannels(model)));
    } catch (error) {
      if (this.versions !== undefined || asFloeError(error).code !== 'UNAVAILABLE') throw error;
      return this.lastSeen(asFloeError(error));
    }
    await this.keepSeen(this.versions);
    return this.models(this.versions);
  }

  async bring(found: FoundVersion): Promise<Brought> {
    const { repository, cache } = this.options;
    this.kept.add(found);
    const folder = await cache.bring(repository, found).catch((error: unknown) => {
      const known = asFloeError(error);
      throw known.code === 'NOT_FOUND' ? notYetThere(known) : known;
    });
    return { folder, graph: () => this.bringGraph(found) };
  }

  async needed(versions: readonly FoundVersion[]): Promise<void> {
    this.kept.clear();
    for (const found of versions) this.kept.add(found);
    await this.options.cache.evict(versions);
  }

  /** It is as large as the rest of the version, for which others may have to go. */
  private async bringGraph(found: FoundVersion): Promise<string> {
    const { repository, cache, onError } = this.options;
    const graph = await cache.graph(repository, found);
    await cache.evict([...this.kept, found]).catch((error: unknown) => onError(asFloeError(error)));
    return graph;
  }

  private async readVersions(): Promise<Versions> {
    const { repository } = this.options;
    const index = await repository.readIndex(this.indexEtag);
    if (index === 'unchanged') return this.versions as Versions;
    if (index !== undefined) {
      this.indexEtag = index.etag;
      return index.versions;
    }
    this.indexEtag = undefined;
    if (this.versions !== undefined && this.now() - this.listedAt < LIST_AGAIN_MS) return this.versions;
    const versions = await repository.list();
    this.listedAt = this.now();
    return versions;
  }

  /** What is no channels file leaves the channels as they were. */
  private async readChannels(model: string): Promise<void> {
    try {
      const found = await this.options.repository.channelsUnless(model, this.channels.get(model)?.etag);
      if (found !== 'unchanged') this.channels.set(model, found);
    } catch (error) {
      if (asFloeError(error).code !== 'DATA_LOSS') throw error;
      this.options.onError(asFloeError(error));
    }
  }

  private models(versions: Versions): ReadonlyMap<string, FoundModel> {
    const found = [...versions].map(([model, published]): [string, FoundModel] => {
      const { channels } = this.channels.get(model) ?? { channels: NO_CHANNELS };
      return [model, { channels, versions: published.map((one) => this.foundOf(model, one)) }];
    });
    return new Map(found);
  }

  private foundOf(model: string, { version, bytes }: PublishedVersion): FoundVersion {
    const folder = this.options.cache.folderOf({ model, version });
    return { model, version, folder, bytes, kind: 'published', fingerprint: String(bytes) };
  }

  private async keepSeen(versions: Versions): Promise<void> {
    const seen = [...versions].map(([model, published]) => {
      const { channels } = this.channels.get(model) ?? { channels: NO_CHANNELS };
      return [model, { versions: published, channels }] as const;
    });
    const text = JSON.stringify(Object.fromEntries(seen));
    if (text === this.seen) return;
    await writeWhole(join(this.options.folder, SEEN_FILE), text).catch((error: unknown) =>
      this.options.onError(asFloeError(error)),
    );
    this.seen = text;
  }

  /** Of that only versions whose files are here. Throws `cause` where nothing was ever seen. */
  private async lastSeen(cause: FloeError): Promise<ReadonlyMap<string, FoundModel>> {
    const text = await readFile(join(this.options.folder, SEEN_FILE), 'utf8').catch(() => undefined);
    const parsed = text === undefined ? undefined : Seen.safeParse(asJson(text));
    if (parsed?.success !== true) throw cause;
    this.options.onError(cause);
    const models = new Map<string, FoundModel>();
    for (const [model, { versions, channels }] of Object.entries(parsed.data)) {
      const here = await Promise.all(versions.map(({ version }) => this.options.cache.has({ model, version })));
      const found = versions.filter((_, at) => here[at]).map((one) => this.foundOf(model, one));
      models.set(model, { versions: found, channels: channelsOf(channels) });
    }
    return models;
  }
}

/** A replica of a bucket may have the index before what stands in it. */
function notYetThere(cause: FloeError): FloeError {
  return new FloeError('UNAVAILABLE', `the index is ahead: ${cause.message}`, cause.details, cause);
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

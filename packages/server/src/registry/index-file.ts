/**
 * `index.json` at the root of a repository: which versions each model has. It is what servers read at each look, so that nobody has to list
 * anything; publishing and deleting keep it, from a listing of the one model that they changed. Whoever fills a bucket by other means needs none:
 * without it the root is listed, only more rarely.
 */
import { FloeError } from '@floe/graph/base';
import { z } from 'zod';
import { jsonBytes, jsonOf, type ObjectStore, type StoredObject } from '../store/objects/object-store.ts';
import { FROZEN_FILE, MANIFEST_FILE } from '../store/version-folder.ts';

const INDEX_FILE = 'index.json';
const MOST_TRIES = 20;

const Published = z.object({ version: z.int().min(0), bytes: z.int().min(0) });
const Index = z.object({ schemaVersion: z.literal('1.0'), models: z.record(z.string(), z.array(Published)) });

export interface PublishedVersion {
  readonly version: number;
  /** Of graph and weights. */
  readonly bytes: number;
}

/** By model, ascending. */
export type Versions = ReadonlyMap<string, readonly PublishedVersion[]>;

export interface FoundIndex {
  readonly versions: Versions;
  readonly etag: string;
}

export class IndexFile {
  private readonly objects: ObjectStore;

  constructor(objects: ObjectStore) {
    this.objects = objects;
  }

  /** Undefined where there is none. Throws DATA_LOSS. */
  async read(etag?: string): Promise<FoundIndex | 'unchanged' | undefined> {
    const found = await this.objects.get(INDEX_FILE, etag);
    return found === undefined || found === 'unchanged' ? found : { versions: parse(found), etag: found.etag };
  }

  /** Brings a model's versions up to date; two who do so at once both find what the other has published. Throws UNAVAILABLE. */
  async update(model: string): Promise<void> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const found = (await this.read()) as FoundIndex | undefined;
      // An index that leaves out what was there before it would hide that.
      const versions = new Map(found === undefined ? await listed(this.objects, '') : found.versions);
      const own = (await listed(this.objects, `${model}/`)).get(model) ?? [];
      if (own.length === 0) versions.delete(model);
      else versions.set(model, own);
      const condition = found === undefined ? ({ ifAbsent: true } as const) : { ifMatch: found.etag };
      const models = Object.fromEntries([...versions].sort(([a], [b]) => (a < b ? -1 : 1)));
      if ((await this.objects.put(INDEX_FILE, jsonBytes({ schemaVersion: '1.0', models }), condition)) !== undefined)
        return;
    }
    throw new FloeError('UNAVAILABLE', `${this.objects.url}/${INDEX_FILE} was changed by others ${MOST_TRIES} times`, {
      file: INDEX_FILE,
    });
  }
}

/** What is published below `prefix`, by listing it. */
export async function listed(objects: ObjectStore, prefix: string): Promise<Versions> {
  const published = new Map<string, PublishedVersion[]>();
  const graphs = new Map<string, number>();
  for await (const { key, bytes } of objects.list(prefix)) {
    const [model = '', version = '', file, ...deeper] = key.split('/');
    if (deeper.length > 0 || !/^\d{1,15}$/.test(version) || model.startsWith('.')) continue;
    if (file === FROZEN_FILE) graphs.set(`${model}/${version}`, bytes);
    // It comes after the graph, by its name.
    if (file !== MANIFEST_FILE) continue;
    const found = { version: Number(version), bytes: graphs.get(`${model}/${version}`) ?? 0 };
    published.set(model, [...(published.get(model) ?? []), found]);
  }
  for (const versions of published.values()) versions.sort((a, b) => a.version - b.version);
  return published;
}

function parse(found: StoredObject): Versions {
  const parsed = Index.safeParse(jsonOf(found, INDEX_FILE));
  if (parsed.success) return new Map(Object.entries(parsed.data.models));
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  throw new FloeError('DATA_LOSS', `${INDEX_FILE}: ${field}: ${issue?.message}`, { file: INDEX_FILE, field });
}

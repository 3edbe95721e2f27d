/**
 * The central store of models: versions that are published whole or not at all and never change, and channels that say which of them serve.
 *
 *   const repository = new ModelRepository(await openObjectStore('s3://models/production'));
 *   const version = await repository.publish('digits', 'models/digits/2', { by: 'ann' });
 *   await repository.promote('digits', version, { by: 'ann', why: 'better on the holdout' });
 *
 * Layout: `<model>/<version>/{claim.json, frozen.pb, assets/, assets.extra/, compiled/, model.json}`, the last one last; `<model>/channels.json`;
 * `<model>/audit/`; `index.json`.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { FloeError, invalid } from '@floe/graph/base';
import { isModelName, type Manifest, parseManifest } from '../core/manifest.ts';
import { createWhole } from '../store/new-folder.ts';
import { jsonBytes, jsonOf, type ObjectStore, type StoredObject } from '../store/objects/object-store.ts';
import {
  COMPILED_FOLDER,
  digestFile,
  exists,
  type FileDigest,
  MANIFEST_FILE,
  readManifest,
  verifyFile,
} from '../store/version-folder.ts';
import { type Channels, NO_CHANNELS } from './aspired.ts';
import { type Actor, Audit, type AuditEntry, changeId } from './audit.ts';
import { CHANNELS_FILE, type Change, type ChannelsWithChange, parseChannels } from './channels.ts';
import { type FoundIndex, IndexFile, listed, type Versions } from './index-file.ts';

const CLAIM_FILE = 'claim.json';
const MOST_TRIES = 20;
/** Files that go to or come from the store at a time. */
const AT_A_TIME = 4;

/** Files that are here already, by the SHA-256 of their content. */
export interface Blobs {
  /** Whether a file of a version has to come now; one that need not is asked for when it is needed (`bringFile`). */
  comesNow(name: string, manifest: Manifest): boolean;
  /** Makes `file` of the one with that content, which `download` brings where it is not here. */
  place(sha256: string, file: string, download: (to: string) => Promise<void>): Promise<void>;
}

export interface FoundChannels extends ChannelsWithChange {
  /** Absent where there is no file. */
  readonly etag?: string;
}

export class ModelRepository {
  readonly objects: ObjectStore;
  private readonly audits: Audit;
  private readonly index: IndexFile;
  private readonly now: () => Date;

  constructor(objects: ObjectStore, now: () => Date = () => new Date()) {
    this.objects = objects;
    this.audits = new Audit(objects);
    this.index = new IndexFile(objects);
    this.now = now;
  }

  async models(): Promise<readonly string[]> {
    return [...(await listed(this.objects, '')).keys()].sort();
  }

  /** Published ones, ascending. */
  async versions(model: string): Promise<readonly number[]> {
    const published = (await listed(this.objects, `${checkedName(model)}/`)).get(model) ?? [];
    return published.map(({ version }) => version);
  }

  /** What a server looks at again and again: a single read, or none of its content where it is the one of `etag` still. Undefined: none. */
  readIndex(etag?: string): Promise<FoundIndex | 'unchanged' | undefined> {
    return this.index.read(etag);
  }

  /** The same by listing everything. */
  list(): Promise<Versions> {
    return listed(this.objects, '');
  }

  /** Throws NOT_FOUND, DATA_LOSS. */
  async manifest(model: string, version: number): Promise<Manifest> {
    const key = `${folderOf(model, version)}/${MANIFEST_FILE}`;
    const found = (await this.objects.get(key)) as StoredObject | undefined;
    if (found === undefined) throw this.unknown(model, version);
    return parseManifest(Buffer.from(found.bytes).toString('utf8'), key);
  }

  async channels(model: string): Promise<Channels> {
    return (await this.readChannels(model)).channels;
  }

  /** As `readIndex`. Throws DATA_LOSS. */
  channelsUnless(model: string, etag: string | undefined): Promise<FoundChannels | 'unchanged'> {
    return this.readChannels(model, etag);
  }

  /**
   * Brings a version's folder to the store under the next free number. What fails on the way leaves nothing that anybody sees. Throws
   * NOT_FOUND, DATA_LOSS where a file is not what its manifest says.
   */
  async publish(model: string, folder: string, actor: Actor): Promise<number> {
    const local = await readManifest(folder);
    await verifyAll(folder, local.files);
    const compiled = await digestsBelow(folder, COMPILED_FOLDER);
    const version = await this.claim(model, actor);
    const target = folderOf(model, version);
    await each([...Object.keys(local.files), ...Object.keys(compiled)], (name) =>
      this.objects.upload(`${target}/${name}`, join(folder, name)),
    );
    const manifest: Manifest = { ...local, name: model, version, compiled };
    await this.objects.put(`${target}/${MANIFEST_FILE}`, jsonBytes(manifest), { ifAbsent: true });
    await this.audits.write(model, { ...this.said(actor), action: 'publish', version });
    await this.index.update(model);
    return version;
  }

  /** The version that `by` has published, if any: who does not know whether it came to that asks before it does it again. */
  async publishedBy(model: string, by: string): Promise<number | undefined> {
    for (const version of (await this.versions(model)).toReversed()) {
      const key = `${folderOf(model, version)}/${CLAIM_FILE}`;
      const claim = (await this.objects.get(key)) as StoredObject | undefined;
      if (claim !== undefined && (jsonOf(claim, key) as Partial<Actor>).by === by) return version;
    }
    return undefined;
  }

  /**
   * Moves channels by a conditional write: where somebody else was faster, `change` is asked again. Undefined, or what there is already, leaves
   * them. Throws NOT_FOUND for a version that is not published, UNAVAILABLE where others are faster again and again.
   */
  async changeChannels(
    model: string,
    change: (now: Channels) => Channels | undefined,
    actor: Actor,
  ): Promise<Channels> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const before = await this.readChannels(model);
      const wanted = change(before.channels);
      if (wanted === undefined || isSame(wanted, before.channels)) return before.channels;
      if (before.change !== undefined) await this.audits.complete(model, before.change, before.channels);
      await this.checkPublished(model, wanted);
      const made: Change = { ...this.said(actor), from: mutable(before.channels) };
      const condition = before.etag === undefined ? ({ ifAbsent: true } as const) : { ifMatch: before.etag };
      const bytes = jsonBytes({ ...wanted, change: made });
      if ((await this.objects.put(`${model}/${CHANNELS_FILE}`, bytes, condition)) === undefined) continue;
      await this.audits.complete(model, made, wanted);
      return wanted;
    }
    throw new FloeError('UNAVAILABLE', `the channels of ${model} were changed by others ${MOST_TRIES} times`);
  }

  /** Makes a version the stable one, and ends its trial. */
  promote(model: string, version: number, actor: Actor): Promise<Channels> {
    return this.changeChannels(model, (now) => ({ ...withoutCanary(now), stable: version }), actor);
  }

  /** Ends a trial, else makes the version stable that was before. Throws FAILED_PRECONDITION where there was none. */
  async rollback(model: string, actor: Actor): Promise<Channels> {
    const { stable, canary } = await this.channels(model);
    if (canary !== undefined) return this.changeChannels(model, withoutCanary, actor);
    const published = await this.versions(model);
    const before = (await this.stableBefore(model)).findLast(
      (version) => version !== stable && published.includes(version),
    );
    if (before === undefined) throw new FloeError('FAILED_PRECONDITION', `${model} has no version to go back to`);
    return this.promote(model, before, actor);
  }

  /**
   * Downloads into `<root>/<model>/<version>`, whole or not at all, and gives that; `blobs` says which files come, and those that it has come from
   * there. Throws DATA_LOSS where the store lies, NOT_FOUND.
   */
  async bring(model: string, version: number, root: string, blobs?: Blobs): Promise<string> {
    const manifest = await this.manifest(model, version);
    const folder = join(root, model, String(version));
    await mkdir(join(root, model), { recursive: true });
    await createWhole(folder, async (hidden) => {
      const files = Object.entries({ ...manifest.files, ...manifest.compiled });
      const coming = files.filter(([name]) => blobs?.comesNow(name, manifest) ?? true);
      await each(coming, async ([name, digest]) => {
        const file = join(hidden.path, checkedFile(name, model, version));
        const download = (to: string): Promise<void> => this.bringFile(model, version, name, digest, to);
        await (blobs === undefined ? download(file) : blobs.place(digest.sha256, file, download));
      });
      await hidden.write(MANIFEST_FILE, [jsonBytes(manifest)]);
    });
    return folder;
  }

  /** Downloads one file of a version, which `digest` is of. Throws UNAVAILABLE where it is missing, as replicas of buckets may have it later; DATA_LOSS where it is another. */
  async bringFile(model: string, version: number, name: string, digest: FileDigest, file: string): Promise<void> {
    if (!(await this.objects.download(`${folderOf(model, version)}/${name}`, file)))
      throw new FloeError('UNAVAILABLE', `${name} of ${model} ${version} is missing in ${this.objects.url}`, {
        file: name,
      });
    await verifyFile(file, digest);
  }

  /** The oldest first. */
  audit(model: string): Promise<readonly AuditEntry[]> {
    return this.audits.read(checkedName(model));
  }

  /** Throws FAILED_PRECONDITION while a channel names the version, NOT_FOUND. */
  async delete(model: string, version: number, actor: Actor): Promise<void> {
    await this.manifest(model, version);
    const channel = channelOf(await this.channels(model), version);
    if (channel !== undefined)
      throw new FloeError('FAILED_PRECONDITION', `version ${version} of ${model} is ${channel}: move that first`);
    await this.audits.write(model, { ...this.said(actor), action: 'delete', version });
    await this.remove(model, version);
    await this.index.update(model);
  }

  /**
   * Deletes what nobody needs: versions beyond the newest `keep` that no channel names and that were not stable last, and what was begun and not
   * published, where neither is younger than `minAgeHours`. Gives what went.
   */
  async collectGarbage(
    model: string,
    { keep, minAgeHours }: { readonly keep: number; readonly minAgeHours: number },
    actor: Actor,
  ): Promise<readonly number[]> {
    const before = this.now().getTime() - minAgeHours * 3600_000;
    const newest = await this.newestChange(model);
    const published = await this.versions(model);
    const channels = await this.channels(model);
    const last = (await this.stableBefore(model)).findLast((version) => version !== channels.stable);
    const kept = new Set(published.slice(-keep));
    const gone: number[] = [];
    for (const [version, modified] of newest) {
      const isNeeded = channelOf(channels, version) !== undefined || version === last || kept.has(version);
      if (isNeeded || modified > before) continue;
      if (published.includes(version))
        await this.audits.write(model, { ...this.said(actor), action: 'delete', version });
      await this.remove(model, version);
      gone.push(version);
    }
    if (gone.length > 0) await this.index.update(model);
    return gone;
  }

  private async readChannels(model: string): Promise<FoundChannels>;
  private async readChannels(model: string, etag: string | undefined): Promise<FoundChannels | 'unchanged'>;
  private async readChannels(model: string, etag?: string): Promise<FoundChannels | 'unchanged'> {
    const key = `${checkedName(model)}/${CHANNELS_FILE}`;
    const found = await this.objects.get(key, etag);
    if (found === undefined) return { channels: NO_CHANNELS };
    if (found === 'unchanged') return found;
    return { ...parseChannels(Buffer.from(found.bytes).toString('utf8'), key), etag: found.etag };
  }

  private async checkPublished(model: string, { stable, canary, labels }: Channels): Promise<void> {
    const named = [stable, canary?.version, ...Object.values(labels)].filter((version) => version !== undefined);
    const published = await this.versions(model);
    const missing = named.find((version) => !published.includes(version));
    if (missing !== undefined) throw this.unknown(model, missing);
  }

  /** The next number that nobody has. */
  private async claim(model: string, actor: Actor): Promise<number> {
    let version = Math.max(0, ...(await this.newestChange(model)).keys()) + 1;
    const bytes = jsonBytes(this.said(actor));
    for (let tries = 0; tries < MOST_TRIES; tries++, version++) {
      const key = `${folderOf(model, version)}/${CLAIM_FILE}`;
      if ((await this.objects.put(key, bytes, { ifAbsent: true })) !== undefined) return version;
    }
    throw new FloeError('UNAVAILABLE', `${MOST_TRIES} others publish versions of ${model} at this moment`);
  }

  /** When something of each version was written last, published or not. */
  private async newestChange(model: string): Promise<ReadonlyMap<number, number>> {
    const newest = new Map<number, number>();
    for await (const { key, modified } of this.objects.list(`${checkedName(model)}/`)) {
      const version = key.split('/')[1] ?? '';
      if (!/^\d{1,15}$/.test(version)) continue;
      newest.set(Number(version), Math.max(newest.get(Number(version)) ?? 0, modified.getTime()));
    }
    return newest;
  }

  /** Versions that were stable until a change, the latest last. */
  private async stableBefore(model: string): Promise<readonly number[]> {
    const entries = await this.audit(model);
    return entries.flatMap((entry) => (entry.action === 'channels' ? (entry.from.stable ?? []) : []));
  }

  /** The manifest first: without it the rest is nothing that serves. */
  private async remove(model: string, version: number): Promise<void> {
    const folder = `${folderOf(model, version)}/`;
    await this.objects.delete(folder + MANIFEST_FILE);
    for await (const { key } of this.objects.list(folder)) await this.objects.delete(key);
  }

  private said({ by, why = '' }: Actor): { id: string; by: string; at: string; why: string } {
    const at = this.now();
    return { id: changeId(at, randomUUID().slice(0, 8)), by, at: at.toISOString(), why };
  }

  private unknown(model: string, version: number): FloeError {
    const message = `version ${version} of ${model} is not published in ${this.objects.url}`;
    return new FloeError('NOT_FOUND', message, { field: 'version' });
  }
}

function checkedName(model: string): string {
  if (isModelName(model)) return model;
  throw invalid(`${JSON.stringify(model)} is no model name: use letters, digits, . _ -`, { field: 'model' });
}

function folderOf(model: string, version: number): string {
  return `${checkedName(model)}/${version}`;
}

/** A manifest that was tampered with must not lead out of the version's folder. */
function checkedFile(name: string, model: string, version: number): string {
  const isInside = !name.startsWith('/') && !name.split(/[/\\]/).includes('..');
  if (isInside) return name;
  throw new FloeError('DATA_LOSS', `the manifest of ${model} ${version} names a file ${name}`, { file: name });
}

export function withoutCanary({ stable, labels }: Channels): Channels {
  return stable === undefined ? { labels } : { stable, labels };
}

/** What names a version; undefined where nothing does. */
function channelOf({ stable, canary, labels }: Channels, version: number): string | undefined {
  if (version === stable) return 'stable';
  if (version === canary?.version) return 'the canary';
  const label = Object.keys(labels).find((name) => labels[name] === version);
  return label === undefined ? undefined : `labelled ${label}`;
}

function isSame(one: Channels, other: Channels): boolean {
  return JSON.stringify(mutable(one)) === JSON.stringify(mutable(other));
}

/** In one order. */
function mutable({ stable, canary, labels }: Channels): Change['from'] {
  const sorted = Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
  const own = canary?.steps === undefined ? {} : { steps: [...canary.steps] };
  return {
    ...(stable === undefined ? {} : { stable }),
    ...(canary === undefined ? {} : { canary: { version: canary.version, percent: canary.percent, ...own } }),
    labels: sorted,
  };
}

async function verifyAll(folder: string, files: Manifest['files']): Promise<void> {
  for (const [name, digest] of Object.entries(files)) await verifyFile(join(folder, name), digest);
}

async function digestsBelow(folder: string, part: string): Promise<Record<string, FileDigest>> {
  const digests: Record<string, FileDigest> = {};
  if (!(await exists(join(folder, part)))) return digests;
  for (const entry of await readdir(join(folder, part), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.startsWith('.')) continue;
    const path = join(entry.parentPath, entry.name);
    digests[relative(folder, path)] = await digestFile(path);
  }
  return digests;
}

async function each<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const waiting = [...items];
  const lane = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  const lanes = await Promise.allSettled(Array.from({ length: AT_A_TIME }, lane));
  for (const one of lanes) if (one.status === 'rejected') throw one.reason;
}

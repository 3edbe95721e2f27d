/**
 * Published versions on this machine's disk: files by the digest of their content, which versions share, and folders of links to them. The
 * oldest that nobody needs go where they become too many. A graph that is compiled already comes when it is asked for: half of a version, which what
 * serves has no need of. Servers of one machine may share the folder: what one of them brings or lets go of
 * while another is at it costs that one another try, and all of them may have the same number as processes, as in containers.
 */
import { randomUUID } from 'node:crypto';
import { copyFile, link, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { asFloeError, FloeError } from '@floe/graph/base';
import type { Manifest } from '../core/manifest.ts';
import { diskError } from '../store/disk-error.ts';
import {
  digestFile,
  exists,
  FROZEN_FILE,
  listVersions,
  MANIFEST_FILE,
  readManifest,
  verifyFile,
} from '../store/version-folder.ts';
import type { Blobs, ModelRepository } from './repository.ts';

const MOST_TRIES = 5;

export interface KeptVersion {
  readonly model: string;
  readonly version: number;
}

export class VersionCache implements Blobs {
  private readonly root: string;
  private readonly limitBytes: number;
  /** Downloads under way, by digest: versions that share a file wait for one. */
  private readonly coming = new Map<string, Promise<void>>();
  /** Graphs that are asked for, by the version's folder. */
  private readonly graphs = new Map<string, Promise<string>>();

  constructor(root: string, limitBytes: number) {
    this.root = root;
    this.limitBytes = limitBytes;
  }

  folderOf({ model, version }: KeptVersion): string {
    return join(this.root, 'versions', model, String(version));
  }

  async has(version: KeptVersion): Promise<boolean> {
    return exists(join(this.folderOf(version), MANIFEST_FILE));
  }

  /** What is here is used, once it proves to be whole: versions never change. Throws as `ModelRepository.bring`. */
  async bring(repository: ModelRepository, version: KeptVersion): Promise<string> {
    const folder = this.folderOf(version);
    if ((await this.has(version)) && (await this.isWhole(folder))) {
      const now = new Date();
      await utimes(folder, now, now).catch(() => {});
      return folder;
    }
    await rm(folder, { recursive: true, force: true });
    try {
      return await repository.bring(version.model, version.version, join(this.root, 'versions'), this);
    } catch (error) {
      // Another server was faster.
      if (asFloeError(error).code === 'ALREADY_EXISTS' && (await this.isWhole(folder))) return folder;
      throw error;
    }
  }

  comesNow(name: string, { compiled = {} }: Manifest): boolean {
    return name !== FROZEN_FILE || Object.keys(compiled).length === 0;
  }

  /** The frozen graph of a version that was brought. Throws as `ModelRepository.bringFile`, UNAVAILABLE where it is not here and the store is away. */
  graph(repository: ModelRepository, version: KeptVersion): Promise<string> {
    const folder = this.folderOf(version);
    const asked = this.graphs.get(folder) ?? this.bringGraph(repository, version, folder);
    this.graphs.set(folder, asked);
    return asked.finally(() => this.graphs.delete(folder));
  }

  private async bringGraph(
    repository: ModelRepository,
    { model, version }: KeptVersion,
    folder: string,
  ): Promise<string> {
    const { files } = await readManifest(folder);
    const file = join(folder, FROZEN_FILE);
    const digest = files[FROZEN_FILE];
    if (digest === undefined)
      throw new FloeError('DATA_LOSS', `the manifest of ${model} ${version} names no ${FROZEN_FILE}`, { file });
    if (await isIntact(file, digest.sha256)) return file;
    // Another server may read it at this moment, so it is never written in its place.
    const hidden = join(folder, `.${FROZEN_FILE}.${randomUUID()}`);
    try {
      await this.place(digest.sha256, hidden, (to) => repository.bringFile(model, version, FROZEN_FILE, digest, to));
      await rename(hidden, file);
      return file;
    } finally {
      // Renaming one link to the other of the same file leaves both.
      await rm(hidden, { force: true });
    }
  }

  async place(sha256: string, file: string, download: (to: string) => Promise<void>): Promise<void> {
    const blob = join(this.root, 'blobs', sha256);
    for (let tries = 1; ; tries++) {
      if (!(await isIntact(blob, sha256))) {
        const coming = this.coming.get(sha256) ?? this.fetch(blob, download);
        this.coming.set(sha256, coming);
        await coming.finally(() => this.coming.delete(sha256));
      }
      try {
        await mkdir(dirname(file), { recursive: true });
        // Some file systems have no links.
        await link(blob, file).catch(() => copyFile(blob, file));
        return;
      } catch (error) {
        // Another server let go of it, since it was of no version yet.
        if (tries === MOST_TRIES || (await exists(blob))) throw diskError(error, file);
      }
    }
  }

  /** Lets go of versions that are not `needed`, the longest unused first, until the rest fits. */
  async evict(needed: readonly KeptVersion[]): Promise<void> {
    await this.dropBlobs();
    const kept = new Set(needed.map((one) => this.folderOf(one)));
    const idle = (await this.versions()).filter(({ folder }) => !kept.has(folder));
    for (const { folder } of idle.sort((a, b) => a.usedAt - b.usedAt)) {
      if ((await this.bytes()) <= this.limitBytes) return;
      await rm(folder, { recursive: true, force: true });
      await this.dropBlobs();
    }
  }

  /** Whether all that has to come is there, and sound. */
  private async isWhole(folder: string): Promise<boolean> {
    try {
      const manifest = await readManifest(folder);
      for (const [name, digest] of Object.entries({ ...manifest.files, ...manifest.compiled }))
        if (this.comesNow(name, manifest)) await verifyFile(join(folder, name), digest);
      return true;
    } catch (error) {
      if (['DATA_LOSS', 'NOT_FOUND', 'PERMISSION_DENIED'].includes(asFloeError(error).code)) return false;
      throw error;
    }
  }

  /** Takes the place of a damaged one. */
  private async fetch(blob: string, download: (to: string) => Promise<void>): Promise<void> {
    const hidden = join(dirname(blob), `.${basename(blob)}.${randomUUID()}`);
    try {
      await download(hidden);
      await rename(hidden, blob);
    } catch (error) {
      await rm(hidden, { force: true }).catch(() => {});
      throw diskError(error, blob);
    }
  }

  private async versions(): Promise<readonly { readonly folder: string; readonly usedAt: number }[]> {
    const found = [];
    const models = await readdir(join(this.root, 'versions')).catch(() => []);
    for (const model of models) {
      for (const version of await listVersions(join(this.root, 'versions', model))) {
        const folder = this.folderOf({ model, version });
        const entry = await stat(folder).catch(() => undefined);
        if (entry !== undefined) found.push({ folder, usedAt: entry.mtimeMs });
      }
    }
    return found;
  }

  private async blobs(): Promise<readonly { readonly path: string; readonly size: number; readonly links: number }[]> {
    const folder = join(this.root, 'blobs');
    const names = await readdir(folder).catch(() => []);
    const found = names
      .filter((name) => !name.startsWith('.'))
      .map(async (name) => {
        const entry = await stat(join(folder, name)).catch(() => undefined);
        return { path: join(folder, name), size: entry?.size ?? 0, links: entry?.nlink ?? 0 };
      });
    return Promise.all(found);
  }

  private async bytes(): Promise<number> {
    return (await this.blobs()).reduce((sum, { size }) => sum + size, 0);
  }

  /** Those of no version. A version on its way may lose what it has not linked yet, and brings that again. */
  private async dropBlobs(): Promise<void> {
    if (this.coming.size > 0) return;
    for (const { path, links } of await this.blobs()) if (links === 1) await rm(path, { force: true });
  }
}

async function isIntact(file: string, sha256: string): Promise<boolean> {
  return digestFile(file).then(
    (found) => found.sha256 === sha256,
    () => false,
  );
}

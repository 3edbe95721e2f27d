/**
 * Published versions on this machine's disk: files by the digest of their content, which versions share, and folders of links to them. The
 * oldest that nobody needs go where they become too many.
 */
import { copyFile, link, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { asFloeError } from '@floe/graph/base';
import { diskError } from '../store/disk-error.ts';
import { digestFile, exists, listVersions, MANIFEST_FILE, readManifest, verifyFile } from '../store/version-folder.ts';
import type { Blobs, ModelRepository } from './repository.ts';

export interface KeptVersion {
  readonly model: string;
  readonly version: number;
}

export class VersionCache implements Blobs {
  private readonly root: string;
  private readonly limitBytes: number;
  /** Downloads under way, by digest: versions that share a file wait for one. */
  private readonly coming = new Map<string, Promise<void>>();

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
    if ((await this.has(version)) && (await isWhole(folder))) {
      const now = new Date();
      await utimes(folder, now, now).catch(() => {});
      return folder;
    }
    await rm(folder, { recursive: true, force: true });
    return repository.bring(version.model, version.version, join(this.root, 'versions'), this);
  }

  async place(sha256: string, file: string, download: (to: string) => Promise<void>): Promise<void> {
    const blob = join(this.root, 'blobs', sha256);
    if (!(await isIntact(blob, sha256))) {
      const coming = this.coming.get(sha256) ?? this.fetch(blob, sha256, download);
      this.coming.set(sha256, coming);
      await coming.finally(() => this.coming.delete(sha256));
    }
    try {
      await mkdir(dirname(file), { recursive: true });
      // Some file systems have no links.
      await link(blob, file).catch(() => copyFile(blob, file));
    } catch (error) {
      throw diskError(error, file);
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

  private async fetch(blob: string, sha256: string, download: (to: string) => Promise<void>): Promise<void> {
    const hidden = join(dirname(blob), `.${sha256}.${process.pid}`);
    try {
      await rm(blob, { force: true });
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
        found.push({ folder, usedAt: (await stat(folder)).mtimeMs });
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
        const { size, nlink: links } = await stat(join(folder, name));
        return { path: join(folder, name), size, links };
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

async function isWhole(folder: string): Promise<boolean> {
  try {
    const { files, compiled = {} } = await readManifest(folder);
    for (const [name, digest] of Object.entries({ ...files, ...compiled }))
      await verifyFile(join(folder, name), digest);
    return true;
  } catch (error) {
    if (['DATA_LOSS', 'NOT_FOUND'].includes(asFloeError(error).code)) return false;
    throw error;
  }
}

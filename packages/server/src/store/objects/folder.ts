/**
 * Objects as files below a folder, which several processes may use at a time: each file is whole or not there, and who writes under a
 * condition holds a lock of the operating system meanwhile.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FloeError } from '@floe/graph/base';
import { FileLock } from '../../core/file-lock.ts';
import { diskError } from '../disk-error.ts';
import { isUnfinished, writeWhole } from '../whole-file.ts';
import { type Condition, checkKey, type ObjectEntry, type ObjectStore, type StoredObject } from './object-store.ts';

const LOCK = '.floe-objects.lock';
const TRY_AGAIN_MS = 20;
/** Who holds the lock writes a small file. */
const TRIES = 500;

export class FolderObjects implements ObjectStore {
  readonly url: string;

  constructor(folder: string) {
    this.url = folder;
  }

  async get(key: string, etag?: string): Promise<StoredObject | 'unchanged' | undefined> {
    const bytes = await readFile(this.path(key)).catch((error: unknown) => this.absent(error, key));
    if (bytes === undefined) return undefined;
    const found = { bytes, etag: createHash('sha256').update(bytes).digest('hex') };
    return found.etag === etag ? 'unchanged' : found;
  }

  async download(key: string, file: string): Promise<boolean> {
    const path = this.path(key);
    const isThere = await access(path).then(
      () => true,
      (error: unknown) => this.absent(error, key) ?? false,
    );
    if (isThere) await writeWhole(file, createReadStream(path));
    return isThere;
  }

  async put(key: string, bytes: Uint8Array, condition?: Condition): Promise<string | undefined> {
    const path = this.path(key);
    if (condition === undefined) await writeWhole(path, bytes);
    else if (!(await this.putIf(key, bytes, condition))) return undefined;
    return createHash('sha256').update(bytes).digest('hex');
  }

  async upload(key: string, file: string): Promise<void> {
    await writeWhole(this.path(key), createReadStream(file));
  }

  /** And the folders that are empty without it. */
  async delete(key: string): Promise<void> {
    const path = this.path(key);
    await rm(path, { force: true }).catch((error: unknown) => {
      throw diskError(error, path);
    });
    for (let folder = dirname(path); folder !== this.url; folder = dirname(folder)) {
      const isGone = await rmdir(folder).then(
        () => true,
        () => false,
      );
      if (!isGone) return;
    }
  }

  async *list(prefix: string): AsyncIterable<ObjectEntry> {
    const folder = join(this.url, prefix.slice(0, prefix.lastIndexOf('/') + 1));
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    const files = entries.filter(
      (entry) => entry.isFile() && !isUnfinished(entry.name) && !entry.name.startsWith(LOCK),
    );
    const keys = files.map((entry) => relative(this.url, join(entry.parentPath, entry.name)));
    for (const key of keys.filter((one) => one.startsWith(prefix)).sort()) {
      const found = await stat(join(this.url, key)).catch(() => undefined);
      if (found !== undefined) yield { key, bytes: found.size, modified: found.mtime };
    }
  }

  close(): void {}

  private path(key: string): string {
    checkKey(key);
    return join(this.url, key);
  }

  private absent(error: unknown, key: string): undefined {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw new FloeError('UNAVAILABLE', `${join(this.url, key)} cannot be read: ${message}`, { file: key }, error);
  }

  private async putIf(key: string, bytes: Uint8Array, condition: Condition): Promise<boolean> {
    const lock = await this.lock();
    try {
      const now = (await this.get(key)) as StoredObject | undefined;
      if (now?.etag !== ('ifMatch' in condition ? condition.ifMatch : undefined)) return false;
      await writeWhole(this.path(key), bytes);
      return true;
    } finally {
      lock.release();
    }
  }

  private async lock(): Promise<FileLock> {
    const file = join(this.url, LOCK);
    try {
      await mkdir(this.url, { recursive: true });
      for (let tries = 0; tries < TRIES; tries++) {
        const lock = await FileLock.try(file, 0);
        if (lock !== undefined) return lock;
        await delay(TRY_AGAIN_MS);
      }
    } catch (error) {
      throw diskError(error, file);
    }
    throw new FloeError('UNAVAILABLE', `${file} has been locked for ${(TRIES * TRY_AGAIN_MS) / 1000} seconds`, {
      file,
    });
  }
}

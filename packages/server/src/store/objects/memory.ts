/** Objects of one process, gone with it: for trials. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { writeWhole } from '../whole-file.ts';
import { type Condition, checkKey, type ObjectEntry, type ObjectStore, type StoredObject } from './object-store.ts';

interface Held extends StoredObject {
  readonly modified: Date;
}

export class MemoryObjects implements ObjectStore {
  readonly url = 'memory:';
  private readonly objects = new Map<string, Held>();

  async get(key: string, etag?: string): Promise<StoredObject | 'unchanged' | undefined> {
    checkKey(key);
    const found = this.objects.get(key);
    return found !== undefined && found.etag === etag ? 'unchanged' : found;
  }

  async download(key: string, file: string): Promise<boolean> {
    checkKey(key);
    const found = this.objects.get(key);
    if (found !== undefined) await writeWhole(file, found.bytes);
    return found !== undefined;
  }

  async put(key: string, bytes: Uint8Array, condition?: Condition): Promise<string | undefined> {
    checkKey(key);
    const now = this.objects.get(key)?.etag;
    if (condition !== undefined && now !== ('ifMatch' in condition ? condition.ifMatch : undefined)) return undefined;
    const etag = createHash('sha256').update(bytes).digest('hex');
    this.objects.set(key, { bytes: bytes.slice(), etag, modified: new Date() });
    return etag;
  }

  async upload(key: string, file: string): Promise<void> {
    await this.put(key, await readFile(file));
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    this.objects.delete(key);
  }

  async *list(prefix: string): AsyncIterable<ObjectEntry> {
    for (const key of [...this.objects.keys()].sort()) {
      const held = this.objects.get(key);
      if (held === undefined || !key.startsWith(prefix)) continue;
      yield { key, bytes: held.bytes.length, modified: held.modified };
    }
  }

  close(): void {
    this.objects.clear();
  }
}

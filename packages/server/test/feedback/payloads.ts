/** Inputs kept in memory, which can be told to be away. */
import type { Payloads } from '../../src/feedback/settings.ts';

export class MemoryPayloads implements Payloads {
  readonly kept = new Map<string, Uint8Array>();
  readonly written: string[] = [];
  broken = false;

  async put(key: string, bytes: Uint8Array): Promise<void> {
    if (this.broken) throw new Error('the store is away');
    this.written.push(key);
    this.kept.set(key, bytes);
  }
  async get(key: string): Promise<Uint8Array | undefined> {
    return this.kept.get(key);
  }
  async delete(key: string): Promise<void> {
    this.kept.delete(key);
  }
}

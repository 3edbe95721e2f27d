/**
 * Who waits for what is notified. A notification only says that looking is worth while: after a lost connection everybody looks, and
 * nobody depends on it, since each also looks from time to time.
 */
import type { Sql } from '../sql/sql.ts';
import { CHANNEL } from './transitions.ts';

export class Wakes {
  private readonly topics = new Map<string, Set<() => void>>();
  private end: () => Promise<void> = async () => {};

  static async listen(sql: Sql): Promise<Wakes> {
    const wakes = new Wakes();
    const heard = (topic: string): void => wakes.wake(topic);
    wakes.end = await sql.listen(CHANNEL, heard, () => wakes.wakeAll());
    return wakes;
  }

  /** Calls `wake` for each notification of `topic`, until the function that is returned is called. */
  on(topic: string, wake: () => void): () => void {
    const waiting = this.topics.get(topic) ?? new Set();
    this.topics.set(topic, waiting.add(wake));
    return () => {
      waiting.delete(wake);
      if (waiting.size === 0 && this.topics.get(topic) === waiting) this.topics.delete(topic);
    };
  }

  async close(): Promise<void> {
    await this.end();
    this.wakeAll();
  }

  private wake(topic: string): void {
    for (const wake of this.topics.get(topic) ?? []) wake();
  }

  private wakeAll(): void {
    for (const topic of [...this.topics.keys()]) this.wake(topic);
  }
}

/**
 * A lock of the operating system on a file: it ends with the process that has it, in whatever way that dies. Node has no `flock`, but the
 * SQLite within it holds a lock of the same kind.
 */
import type { DatabaseSync } from 'node:sqlite';

export class FileLock {
  private readonly held: DatabaseSync;

  private constructor(held: DatabaseSync) {
    this.held = held;
  }

  /** Undefined while somebody else has it, in this process or another; waits so many milliseconds, in which nothing else runs. Makes the file. */
  static async try(file: string, waitMs: number): Promise<FileLock | undefined> {
    const { DatabaseSync } = await import('node:sqlite');
    const held = new DatabaseSync(file, { timeout: waitMs });
    try {
      held.exec('BEGIN EXCLUSIVE');
      return new FileLock(held);
    } catch (error) {
      held.close();
      if (isBusy(error)) return undefined;
      throw error;
    }
  }

  release(): void {
    this.held.close();
  }
}

/** SQLITE_BUSY and SQLITE_LOCKED. */
function isBusy(error: unknown): boolean {
  const { errcode } = error as { errcode?: number };
  return errcode === 5 || errcode === 6;
}

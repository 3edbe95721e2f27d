/**
 * Keeps a second process out of a folder, until the first closes it or dies in whatever way. Node has no `flock`, but the SQLite within it
 * holds the same kind of lock of the operating system, which a killed process leaves to nobody. The process id beside it is only for
 * the message.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pid } from 'node:process';
import type { DatabaseSync } from 'node:sqlite';
import { FloeError } from '@floe/graph/base';

const LOCK = 'floe.lock';
const OWNER = 'floe.pid';
/** What a process that was just killed may still hold, for as long as the system takes to bury it. */
const BURIAL_MS = 500;

export class FolderLock {
  private readonly held: DatabaseSync;

  private constructor(held: DatabaseSync) {
    this.held = held;
  }

  /** Throws FAILED_PRECONDITION while another process, or another part of this one, holds `folder`. */
  static async take(folder: string): Promise<FolderLock> {
    const { DatabaseSync } = await import('node:sqlite');
    const held = new DatabaseSync(join(folder, LOCK), { timeout: BURIAL_MS });
    try {
      held.exec('BEGIN EXCLUSIVE');
    } catch (cause) {
      held.close();
      throw inUse(folder, cause);
    }
    writeFileSync(join(folder, OWNER), `${pid}\n`);
    return new FolderLock(held);
  }

  release(): void {
    this.held.close();
  }
}

function inUse(folder: string, cause: unknown): FloeError {
  const message =
    `the database in ${folder} is in use by process ${ownerOf(folder)}: only one process may open it. ` +
    'Stop that one, take another folder, or let both use a server: --sql postgres://...';
  return new FloeError('FAILED_PRECONDITION', message, { file: folder }, cause);
}

function ownerOf(folder: string): string {
  try {
    return readFileSync(join(folder, OWNER), 'utf8').trim();
  } catch {
    return '(unknown)';
  }
}

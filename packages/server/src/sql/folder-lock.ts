/** Keeps a second process out of a folder, until the first closes it or dies. The process id beside the lock is only for the message. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pid } from 'node:process';
import { FloeError } from '@floe/graph/base';
import { FileLock } from '../core/file-lock.ts';

const LOCK = 'floe.lock';
const OWNER = 'floe.pid';
/** What a process that was just killed may still hold, for as long as the system takes to bury it. */
const BURIAL_MS = 500;

/** Throws FAILED_PRECONDITION while another process, or another part of this one, holds `folder`. */
export async function lockFolder(folder: string): Promise<FileLock> {
  const lock = await FileLock.try(join(folder, LOCK), BURIAL_MS);
  if (lock === undefined) throw inUse(folder);
  writeFileSync(join(folder, OWNER), `${pid}\n`);
  return lock;
}

function inUse(folder: string): FloeError {
  const message =
    `the database in ${folder} is in use by process ${ownerOf(folder)}: only one process may open it. ` +
    'Stop that one, take another folder, or let both use a server: --sql postgres://...';
  return new FloeError('FAILED_PRECONDITION', message, { file: folder });
}

function ownerOf(folder: string): string {
  try {
    return readFileSync(join(folder, OWNER), 'utf8').trim();
  } catch {
    return '(unknown)';
  }
}

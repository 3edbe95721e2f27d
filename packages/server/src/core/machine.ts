/** What this process may use of the machine: memory limits of the container, and where caches belong. */
import { readFileSync } from 'node:fs';
import { homedir, totalmem } from 'node:os';
import { join } from 'node:path';

/** cgroup v2, then v1. */
const MEMORY_LIMIT_FILES = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes'];

/** Bytes that the container may use; the machine's memory where it sets no limit. */
export function memoryLimitBytes(): number {
  const machine = totalmem();
  for (const file of MEMORY_LIMIT_FILES) {
    const limit = Number(readOr(file, ''));
    if (Number.isFinite(limit) && limit > 0) return Math.min(limit, machine);
  }
  return machine;
}

/** The user's cache folder for Floe: `$XDG_CACHE_HOME/floe`, else `~/.cache/floe`. */
export function defaultCacheDir(environment: Readonly<Record<string, string | undefined>>): string {
  return join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'floe');
}

function readOr(file: string, fallback: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return fallback;
  }
}

/** How much a trainer's process may take: time, memory of it and all that it started, and bytes that it leaves. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FloeError } from '@floe/graph/base';

export interface ProcessLimits {
  readonly seconds: number;
  /** Resident bytes; pages that processes share count in each. Where there is no /proc it is not looked at. */
  readonly memoryBytes: number;
  /** Of all files below the folders that it may write to. */
  readonly outputBytes: number;
}

export interface Watched {
  /** Process group. */
  readonly group: number;
  readonly folders: readonly string[];
}

/** Between two looks. */
const LOOK_MS = 500;
/** Of /proc's `rss`; the same on all systems that have it but for a few large servers. */
const PAGE_BYTES = 4096;

/** Rejects with RESOURCE_EXHAUSTED or DEADLINE_EXCEEDED once a limit is passed; resolves when `signal` aborts. */
export async function watchLimits(
  { group, folders }: Watched,
  limits: ProcessLimits,
  signal: AbortSignal,
  wait: (milliseconds: number, signal: AbortSignal) => Promise<unknown> = pause,
): Promise<void> {
  const started = performance.now();
  while (!signal.aborted) {
    const seconds = (performance.now() - started) / 1000;
    if (seconds > limits.seconds)
      throw new FloeError('DEADLINE_EXCEEDED', `the trainer was not done within ${limits.seconds} seconds`);
    refuseOver('memory', await memoryOf(group), limits.memoryBytes);
    refuseOver('files', await bytesIn(folders), limits.outputBytes);
    await wait(LOOK_MS, signal);
  }
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => {});
}

function refuseOver(what: string, bytes: number, most: number): void {
  if (bytes <= most) return;
  const [has, may] = [bytes, most].map((count) => Math.ceil(count / 2 ** 20));
  throw new FloeError('RESOURCE_EXHAUSTED', `the trainer has ${has} MiB of ${what}, it may have ${may}`);
}

/** Resident bytes of all processes of a group. Source of the fields: proc_pid_stat(5). */
export async function memoryOf(group: number): Promise<number> {
  const names = await readdir('/proc').catch(() => []);
  const sizes = names.filter((name) => /^\d+$/.test(name)).map((name) => residentIn(group, name));
  return (await Promise.all(sizes)).reduce((sum, one) => sum + one, 0);
}

async function residentIn(group: number, pid: string): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name may hold anything, blanks and parentheses too; behind it come state, parent, group, ..., and the resident pages as the 24th.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return Number(fields[2]) === group ? Number(fields[21] ?? 0) * PAGE_BYTES : 0;
}

/** Bytes of the files below folders; what vanishes meanwhile counts nothing. */
export async function bytesIn(folders: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const folder of folders) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      bytes += await stat(join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      );
    }
  }
  return bytes;
}

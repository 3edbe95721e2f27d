/**
 * How a program yields to everybody else on its machine, with all that it starts.
 *
 * Linux shares the CPU between sessions first (autogroups, sched(7)), where nobody has made groups as containers are. A process group of its own is a
 * session of its own: niceness 19 counts for nothing outside it. So the session has a niceness as well, and its threads are of the class that others
 * take the CPU from at once. p99 beside a training / alone, medians of 6 and 7 turns of 4 s on two cores that did nothing else, `bench/run training`'s
 * load from a generator that was warm:
 *
 *   niceness 19 alone                   digits 4.1        MobileNetV2 1.9
 *   session 10                                 1.6, 2.7               1.3
 *   session 19                                 1.6, 2.6               1.3
 *   session 10, idle class                     1.4                    1.1
 */
import { execFile } from 'node:child_process';
import { access, readFile, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const NICE = ['nice', '-n', '19'];
const IDLE = ['chrt', '--idle', '0'];
/** About a tenth of a CPU that others want, too: what is nicer does no better, and may starve. */
const SESSION_NICENESS = 10;
/** Linux takes one change in a tenth of a second from all unprivileged processes together. */
const AGAIN_MS = 100;
const MOST_TRIES = 10;

let known: Promise<readonly string[]> | undefined;

/** What a command begins with. A priority is a thread's own on Linux, so it has to be there before the first one. */
export function yielding(): Promise<readonly string[]> {
  known ??= find();
  return known;
}

/** Makes a session yield to others. Where there is no such thing, or it is not permitted, it stays as it is. */
export async function yieldSession(pid: number): Promise<void> {
  for (let tries = 1; tries <= MOST_TRIES; tries++) {
    try {
      return await writeFile(`/proc/${pid}/autogroup`, String(SESSION_NICENESS));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      await delay(AGAIN_MS, undefined, { ref: false });
    }
  }
}

async function find(): Promise<readonly string[]> {
  if (process.platform === 'win32') return [];
  // In one group with who serves, the idle class would starve on a busy machine: there it has a three hundredth of a CPU that others want, not a tenth.
  const isIdle =
    (await sessionsShare()) && (await succeeds(promisify(execFile)(IDLE[0] as string, ['--idle', '0', 'true'])));
  return isIdle ? [...NICE, ...IDLE] : NICE;
}

/** Whether sessions share the CPU, and this process is in the root of all groups: only that has a release agent, or no type. */
async function sessionsShare(): Promise<boolean> {
  const [enabled = '', groups = ''] = await Promise.all(
    ['/proc/sys/kernel/sched_autogroup_enabled', '/proc/self/cgroup'].map((file) =>
      readFile(file, 'utf8').catch(() => ''),
    ),
  );
  if (enabled.trim() !== '1' || !isInRoot(groups)) return false;
  if (await succeeds(access('/sys/fs/cgroup/cgroup.controllers')))
    return !(await succeeds(access('/sys/fs/cgroup/cgroup.type')));
  return succeeds(access('/sys/fs/cgroup/cpu/release_agent'));
}

/** Of the lines of /proc/self/cgroup, that of the CPU counts, or the one of version 2. */
function isInRoot(groups: string): boolean {
  const lines = groups.trim().split('\n');
  const own =
    lines.find((line) => line.split(':')[1]?.split(',').includes('cpu')) ??
    lines.find((line) => line.startsWith('0::'));
  return own?.endsWith(':/') === true;
}

function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

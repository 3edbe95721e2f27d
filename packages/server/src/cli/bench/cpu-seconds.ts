/** CPU time of another process on this machine, as Linux tells it in /proc (see `man 5 proc`). */
import { readFileSync } from 'node:fs';
import { FloeError } from '@floe/graph/base';

/** `utime` and `stime` are in ticks of 10 ms on every Linux that Node.js supports: measure over a second or more. */
const TICKS_PER_SECOND = 100;
const UTIME = 11;
const STIME = 12;

/** CPU seconds that all threads of the process have used. Throws NOT_FOUND where there is no such process, or no /proc. */
export function cpuSeconds(pid: number): number {
  const stat = statOf(pid);
  // The second field, a name in brackets, may contain anything; count from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[UTIME]) + Number(fields[STIME])) / TICKS_PER_SECOND;
}

function statOf(pid: number): string {
  const file = `/proc/${pid}/stat`;
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new FloeError('NOT_FOUND', `no process ${pid} on this machine (${file} cannot be read)`, { file }, cause);
  }
}

/** Memory of another process, as Linux tells it in /proc (see `man 5 proc`). */
import { readFileSync } from 'node:fs';

export interface Memory {
  /** Resident bytes. */
  readonly rss: number;
  /** The same, with pages that several processes map counted by their share. */
  readonly pss: number;
}

export function memoryOf(pid: number): Memory {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const bytes = (field: string): number => 1024 * Number(new RegExp(`^${field}: +(\\d+) kB`, 'm').exec(rollup)?.[1]);
  return { rss: bytes('Rss'), pss: bytes('Pss') };
}

/** The most that the process held while `work` ran, looked at every 20 ms. */
export async function peakMemory(pid: number, work: () => Promise<unknown>): Promise<Memory> {
  let peak = memoryOf(pid);
  const look = (): void => {
    const now = memoryOf(pid);
    peak = { rss: Math.max(peak.rss, now.rss), pss: Math.max(peak.pss, now.pss) };
  };
  const timer = setInterval(look, 20);
  await work().finally(() => clearInterval(timer));
  look();
  return peak;
}

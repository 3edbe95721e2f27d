/** A process and all that it has started, as Linux tells it in /proc: servers that are several processes. */
import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { cpuSeconds } from '../../packages/server/src/cli/bench/cpu-seconds.ts';

/** The process first. */
export function treeOf(root: number): readonly number[] {
  const children = Map.groupBy(processes(), ({ parent }) => parent);
  const tree = [root];
  // Grows while it is walked.
  for (const pid of tree) tree.push(...(children.get(pid) ?? []).map((child) => child.pid));
  return tree;
}

/** CPU seconds that all of them have used so far. */
export function treeCpuSeconds(root: number): number {
  return treeOf(root).reduce((sum, pid) => sum + (unlessGone(() => cpuSeconds(pid)) ?? 0), 0);
}

/** Ends what is left of them, at once. */
export function kill(pids: readonly number[]): void {
  for (const pid of pids) unlessGone(() => process.kill(pid, 'SIGKILL'));
}

interface Listed {
  readonly pid: number;
  readonly parent: number;
}

function processes(): readonly Listed[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.flatMap((pid) => {
    const parent = unlessGone(() => parentOf(pid));
    return parent === undefined ? [] : [{ pid, parent }];
  });
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

/** Processes end while they are looked at. */
function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

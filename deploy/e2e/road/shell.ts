/** The programs that the road is walked with: kubectl, helm and floe, as a person would type them. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MAIN } from '../../../bench/lib/paths.ts';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
export const NAMESPACE = 'floe';

const MOST_OUTPUT = 2 ** 26;
const BIN = process.env['BIN'] ?? '';
const CONFIG = join(process.env['STATE'] ?? '', 'admin.conf');

/** What a program prints. Throws with what it said where it fails. */
export async function run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  try {
    const options = { cwd: ROOT, maxBuffer: MOST_OUTPUT, env: { ...process.env, ...env } };
    return (await promisify(execFile)(command, args, options)).stdout;
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    throw new Error(`${command} ${args.slice(0, 4).join(' ')}: ${stderr.trim() || message}`);
  }
}

export function kubectl(...args: readonly string[]): Promise<string> {
  return run(join(BIN, 'kubectl'), ['--kubeconfig', CONFIG, '--namespace', NAMESPACE, ...args]);
}

export async function kubectlJson<T>(...args: readonly string[]): Promise<T> {
  return JSON.parse(await kubectl(...args, '--output', 'json')) as T;
}

export function helm(...args: readonly string[]): Promise<string> {
  return run(join(BIN, 'helm'), ['--kubeconfig', CONFIG, '--namespace', NAMESPACE, ...args]);
}

/** Brings a release of the chart to `values.yaml` with what `set` says otherwise, and waits until it is. */
export async function upgrade(release: string, set: readonly string[], seconds: number): Promise<void> {
  const chart = [join(ROOT, 'deploy/helm/floe'), '--values', join(ROOT, 'deploy/e2e/values.yaml')];
  const others = set.flatMap((one) => ['--set', one]);
  await helm('upgrade', '--install', release, ...chart, ...others, '--wait', '--timeout', `${seconds}s`);
}

/** What `kubectl logs` shows of it, without lines that are not of Floe's log. */
export async function logOf<T>(target: string): Promise<readonly T[]> {
  const lines = (await kubectl('logs', target)).split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as T);
}

export function floe(...args: readonly string[]): Promise<string> {
  return run(process.execPath, [MAIN, ...args]);
}

/** Looks until it is so. Throws where it is not in time. */
export async function until(what: string, seconds: number, isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await delay(200);
  }
}

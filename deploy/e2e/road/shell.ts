/** The programs that the road is walked with: kubectl, helm and floe, as a person would type them. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

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

export function floe(...args: readonly string[]): Promise<string> {
  return run(process.execPath, [join(ROOT, 'packages/server/dist/cli/main.js'), ...args]);
}

/** Looks until it is so. Throws where it is not in time. */
export async function until(what: string, seconds: number, isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await delay(200);
  }
}

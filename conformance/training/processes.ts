/** Servers and workers as processes of their own, to be asked, and to be killed. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

export const ROOT = new URL('../../', import.meta.url).pathname;
const MAIN = `${ROOT}packages/server/dist/cli/main.js`;

export class FloeProcess {
  private child: ChildProcess | undefined;
  private readonly args: readonly string[];
  /** The line that it prints once it is ready. */
  ready: Record<string, unknown> = {};

  constructor(args: readonly string[]) {
    this.args = args;
  }

  /** Starts it (again); resolves when it is ready. */
  async start(): Promise<this> {
    const child = spawn(process.execPath, [MAIN, ...this.args, '--json', '--log-level', 'warn'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', process.env['FLOE_SHOW'] === undefined ? 'ignore' : 'inherit'],
    });
    this.child = child;
    const ended = once(child, 'exit').then(() => undefined);
    const line = await Promise.race([once(child.stdout as NonNullable<typeof child.stdout>, 'data'), ended]);
    // One that cannot start, as its database is away, is started again by whoever looks after it.
    if (line !== undefined) this.ready = JSON.parse(String(line[0])) as Record<string, unknown>;
    return this;
  }

  get isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const { child } = this;
    if (child === undefined || !this.isRunning) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }
}

/** Runs a command; gives what it printed as JSON. */
export async function floe(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...args, '--json'], {
    cwd: ROOT,
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
}

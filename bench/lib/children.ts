/** Child processes: each ends with this one, whatever happens. */
import { type ChildProcess, type ExecFileOptions, execFile, fork, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

/** Runs a command to its end; gives what it printed. Throws where it fails. */
export async function output(command: string, args: readonly string[], options: ExecFileOptions = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, { maxBuffer: 1 << 24, ...options });
  return String(stdout);
}

/** The same of its standard error. */
export async function errorOutput(command: string, args: readonly string[]): Promise<string> {
  const { stderr } = await promisify(execFile)(command, args, { maxBuffer: 1 << 24 });
  return stderr;
}

/** Starts Node.js on a script; its standard output is read by `firstLine`. */
export function startNode(args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  return track(spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options }));
}

/** A process that answers messages one at a time; typed arrays go across as they are. */
export function startPeer(script: string, environment: Readonly<Record<string, string>> = {}): ChildProcess {
  return track(fork(script, { serialization: 'advanced', env: { ...process.env, ...environment } }));
}

export async function ask<Reply>(peer: ChildProcess, question: object): Promise<Reply> {
  peer.send(question);
  const [reply] = await whileAlive(peer, (signal) => once(peer, 'message', { signal }));
  if (reply.error !== undefined) throw new Error(reply.error);
  return reply;
}

/** The first line that a child prints, within a bound of time. */
export async function firstLine(child: ChildProcess, seconds = 120): Promise<string> {
  if (child.stdout === null) throw new Error('the child has no standard output');
  const lines = createInterface({ input: child.stdout });
  const late = AbortSignal.timeout(1000 * seconds);
  const [line] = await whileAlive(child, (done) => once(lines, 'line', { signal: AbortSignal.any([late, done]) }));
  return line;
}

/** Waits for something of a child; throws where the child ends before. */
async function whileAlive<T>(child: ChildProcess, wait: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const over = new AbortController();
  const ended = once(child, 'exit', { signal: over.signal }).then(([code]) => {
    throw new Error(`a child ended with exit code ${code} before it answered`);
  });
  try {
    return await Promise.race([wait(over.signal), ended]);
  } finally {
    ended.catch(() => {});
    over.abort();
  }
}

/** Asks a child to end; gives its exit code. */
export async function stop(child: ChildProcess, seconds = 40): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const timer = setTimeout(() => child.kill('SIGKILL'), 1000 * seconds);
  child.kill('SIGTERM');
  const [code] = await ended;
  clearTimeout(timer);
  return code;
}

/** Ends the child with this process. */
export function track(child: ChildProcess): ChildProcess {
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

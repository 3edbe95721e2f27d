/**
 * Runs a trainer's program: a process group of its own, of lowest priority, that says how far it is in lines of JSON (`protocol.ts`), is held to
 * limits, and is gone with all that it started when this ends, however that comes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { FloeError } from '@floe/graph/base';
import type { Parameter, TrainContext } from '../../core/trainer.ts';
import { type ProcessLimits, watchLimits } from './limits.ts';
import { linesOf } from './lines.ts';
import { KEPT, parseSaid } from './protocol.ts';
import { yielding, yieldSession } from './yielding.ts';

export interface Program {
  /** The program, then its arguments. */
  readonly command: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly limits: ProcessLimits;
  /** Folders that count against the limit. */
  readonly writes: readonly string[];
}

/** Between being asked to end and being ended. */
const GRACE_MS = 5000;
/** Of what it said last on its standard error, kept for the reason. */
const LAST_WORDS = 2000;
/** Exit codes where there is no such program, or it may not be run. */
const NOT_STARTED: ReadonlySet<number> = new Set([126, 127]);

/**
 * What the program said to be its result; null where it said nothing. Throws what it said to be the error; INTERNAL where it failed without a
 * word or was killed; FAILED_PRECONDITION where it cannot be started; RESOURCE_EXHAUSTED and DEADLINE_EXCEEDED for limits; the reason of the
 * context's signal.
 */
export async function runProgram(program: Program, context: TrainContext): Promise<Parameter> {
  context.signal.throwIfAborted();
  const child = await start(program);
  const watch = new AbortController();
  const group = child.pid as number;
  const stopped = Promise.withResolvers<never>();
  const stop = (): void => stopped.reject(context.signal.reason);
  context.signal.addEventListener('abort', stop, { once: true });
  try {
    const limits = watchLimits({ group, folders: program.writes }, program.limits, watch.signal);
    return await Promise.race([outcome(program, child, context), limits.then(() => stopped.promise), stopped.promise]);
  } finally {
    context.signal.removeEventListener('abort', stop);
    watch.abort();
    await end(child);
  }
}

async function outcome(program: Program, child: ChildProcess, context: TrainContext): Promise<Parameter> {
  const [{ result, error, lastWords }, [code, signal]] = await Promise.all([listen(child, context), exit(child)]);
  if (code === 0) return result;
  throw error ?? failure(program, code, signal, lastWords);
}

/** Throws FAILED_PRECONDITION. */
async function start({ command, cwd, environment }: Program): Promise<ChildProcess> {
  const [name = '', ...args] = [...(await yielding()), ...command];
  const child = spawn(name, args, { cwd, env: environment, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  await once(child, 'spawn').catch((cause: Error) => {
    throw new FloeError('FAILED_PRECONDITION', `${name} cannot be started: ${cause.message}`, [], cause);
  });
  void yieldSession(child.pid as number);
  return child;
}

/** Exit code and signal. What the program started and left behind ends with it, and no longer holds its output open. */
async function exit(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  kill(child, 'SIGKILL');
  return [child.exitCode, child.signalCode];
}

interface Heard {
  readonly result: Parameter;
  readonly error: FloeError | undefined;
  readonly lastWords: string;
}

async function listen(child: ChildProcess, context: TrainContext): Promise<Heard> {
  const lastWords = hearErrors(child, context);
  let result: Parameter = null;
  let error: FloeError | undefined;
  // Who does not read what is said back may be gone by then.
  child.stdin?.on('error', () => {});
  for await (const line of linesOf(child.stdout as AsyncIterable<Uint8Array>)) {
    const said = parseSaid(line);
    if ('progress' in said) context.progress(said.progress);
    else if ('metric' in said) context.metric(said.metric);
    else if ('log' in said) context.log(said.log);
    else if ('result' in said) result = said.result;
    else if ('error' in said) error = new FloeError(said.error.code, said.error.message);
    else {
      await context.checkpointed();
      child.stdin?.write(KEPT);
    }
  }
  return { result, error, lastWords: await lastWords };
}

/** Gives the end of it. */
async function hearErrors(child: ChildProcess, context: TrainContext): Promise<string> {
  let last = '';
  for await (const line of linesOf(child.stderr as AsyncIterable<Uint8Array>)) {
    context.log(line);
    last = `${last}${line}\n`.slice(-LAST_WORDS);
  }
  return last.trim();
}

function failure(
  { command }: Program,
  code: number | null,
  signal: NodeJS.Signals | null,
  lastWords: string,
): FloeError {
  const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
  const why = lastWords === '' ? '' : `: ${lastWords}`;
  return new FloeError(NOT_STARTED.has(code ?? 0) ? 'FAILED_PRECONDITION' : 'INTERNAL', `${command[0]} ${how}${why}`);
}

/** Ends the whole group: asks first, then does not. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    kill(child, 'SIGTERM');
    const grace = new AbortController();
    await Promise.race([exited, delay(GRACE_MS, undefined, { signal: grace.signal }).catch(() => {})]);
    grace.abort();
    kill(child, 'SIGKILL');
    await exited;
  }
  // Who has left the group may hold them open.
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
}

function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-(child.pid as number), signal);
  } catch {
    // There is nobody any more.
  }
}

/**
 * The `worker` engine: the official binding `onnxruntime-node` in one thread, for places where the C API cannot be called. Slower (a
 * thread hop and a copy for each run, one run at a time), but behind the same contract. A thread that dies fails what is under way with
 * UNAVAILABLE; the next call starts another one.
 */
import { FloeError } from '@floe/graph/base';
import type { Engine, Session, SessionOptions } from '../../core/engine.ts';
import { requireModel } from '../model-file.ts';
import { forbidTelemetry } from '../no-telemetry.ts';
import { SessionSet } from '../session-set.ts';
import { ThreadClient } from '../thread-client.ts';
import type { Thread } from './messages.ts';
import { openSession, type WorkerSession } from './session.ts';

/** Beside this file, compiled or not. */
const THREAD = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url);

/** Throws UNIMPLEMENTED if the binding cannot be loaded. `script` is the thread's program. */
export async function openWorkerEngine(script = THREAD): Promise<Engine> {
  const { thread, version } = await startThread(script);
  return new WorkerEngine(script, thread, version);
}

async function startThread(script: URL): Promise<{ thread: Thread; version: string }> {
  forbidTelemetry();
  const thread: Thread = new ThreadClient(script);
  try {
    const { version } = await thread.call('start', undefined);
    return { thread, version };
  } catch (error) {
    await thread.terminate();
    throw new FloeError('UNIMPLEMENTED', 'the binding onnxruntime-node cannot be loaded', [], error);
  }
}

class WorkerEngine implements Engine {
  readonly name = 'worker';
  readonly version: string;
  private readonly script: URL;
  private thread: Thread;
  private starting: Promise<Thread> | undefined;
  private readonly sessions = new SessionSet<WorkerSession>();

  constructor(script: URL, thread: Thread, version: string) {
    this.script = script;
    this.thread = thread;
    this.version = version;
  }

  open(path: string, options: SessionOptions): Promise<Session> {
    return this.sessions.open((onClosed) => this.load(path, options, onClosed));
  }

  close(): Promise<void> {
    return this.sessions.close(() => this.thread.terminate());
  }

  private async load(path: string, options: SessionOptions, onClosed: () => void): Promise<WorkerSession> {
    await requireModel(path);
    return openSession(() => this.currentThread(), path, options, onClosed);
  }

  private async currentThread(): Promise<Thread> {
    if (this.thread.alive) return this.thread;
    this.starting ??= this.restart().finally(() => {
      this.starting = undefined;
    });
    return this.starting;
  }

  private async restart(): Promise<Thread> {
    this.thread = (await startThread(this.script)).thread;
    return this.thread;
  }
}

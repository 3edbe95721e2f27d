/** A session in the worker engine's thread. If the thread has died, the next run opens it again in the new one. */
import { asFloeError, FloeError, type Tensor, type TensorSpec } from '@floe/graph/base';
import type { Session, SessionOptions } from '../../core/engine.ts';
import { threadsOf } from '../capacity.ts';
import { type Activity, engineError } from '../onnxruntime/status.ts';
import { SESSION_CONFIG } from '../session-config.ts';
import { checkFeeds, checkFetches, closedError } from '../validate.ts';
import { buffersOf, type OpenResult, type Thread } from './messages.ts';
import { fromWire, specOf, toWire } from './tensors.ts';

/** The thread as it is now, started where there is none. */
export type CurrentThread = () => Promise<Thread>;

interface Attachment {
  readonly thread: Thread;
  readonly opened: OpenResult;
}

export async function openSession(
  thread: CurrentThread,
  path: string,
  options: SessionOptions,
  onClosed: () => void,
): Promise<WorkerSession> {
  const attach = async (): Promise<Attachment> => {
    const current = await thread();
    const args = { path, threads: threadsOf(options), config: SESSION_CONFIG };
    const opened = await current.call('open', args).catch((error: unknown) => fail(error, 'load', path));
    return { thread: current, opened };
  };
  return new WorkerSession(await attach(), attach, onClosed);
}

export class WorkerSession implements Session {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  private readonly attach: () => Promise<Attachment>;
  private readonly onClosed: () => void;
  private current: Attachment;
  private attaching: Promise<Attachment> | undefined;
  private readonly runs = new Set<Promise<unknown>>();
  private closing: Promise<void> | undefined;

  constructor(first: Attachment, attach: () => Promise<Attachment>, onClosed: () => void) {
    this.inputs = first.opened.inputs.map(specOf);
    this.outputs = first.opened.outputs.map(specOf);
    this.current = first;
    this.attach = attach;
    this.onClosed = onClosed;
  }

  async run(feeds: ReadonlyMap<string, Tensor>, fetches: readonly string[]): Promise<readonly Tensor[]> {
    if (this.closing !== undefined) throw closedError('the session');
    const tensors = checkFeeds(this.inputs, feeds);
    checkFetches(this.outputs, fetches);
    const run = this.runInThread(tensors, fetches);
    this.runs.add(run);
    try {
      return await run;
    } finally {
      this.runs.delete(run);
    }
  }

  inlineSeconds(): undefined {
    return undefined;
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async runInThread(tensors: readonly Tensor[], fetches: readonly string[]): Promise<Tensor[]> {
    const { thread, opened } = await this.attached();
    const feeds = new Map(this.inputs.map(({ name }, i) => [name, toWire(name, tensors[i] as Tensor)]));
    const distinct = [...new Set(fetches)];
    const args = { session: opened.session, feeds, fetches: distinct };
    const results = await thread
      .call('run', args, buffersOf(feeds.values()))
      .catch((error: unknown) => fail(error, 'run'));
    const byName = new Map(distinct.map((name, i) => [name, results[i]]));
    return fetches.flatMap((name) => byName.get(name) ?? []).map(fromWire);
  }

  private async attached(): Promise<Attachment> {
    if (this.current.thread.alive) return this.current;
    this.attaching ??= this.attach().finally(() => {
      this.attaching = undefined;
    });
    this.current = await this.attaching;
    return this.current;
  }

  private async shutDown(): Promise<void> {
    await Promise.allSettled(this.runs);
    const { thread, opened } = this.current;
    // A thread that is gone has given its memory back already.
    if (thread.alive) await thread.call('close', { session: opened.session }).catch(() => {});
    this.onClosed();
  }
}

/** The binding gives messages only, without the library's code. */
function fail(error: unknown, activity: Activity, file?: string): never {
  if (error instanceof FloeError) throw error;
  const detail = file === undefined ? {} : { file };
  throw engineError(0, asFloeError(error).message, activity, detail);
}

/** The `onnxruntime` engine: sessions of ONNX Runtime in this process, called through its C API. */
import type { Engine, Session, SessionOptions } from '../../core/engine.ts';
import { requireModel } from '../model-file.ts';
import { SessionSet } from '../session-set.ts';
import type { Runtime } from './native.ts';
import { RunThreads } from './run-threads.ts';
import { getRuntime, reserveSlots } from './runtime.ts';
import { type NativeSession, openSession } from './session.ts';

/** On a larger machine, what finds no thread of ours free goes to libuv's: each of ours holds 12 MB. */
const MOST_THREADS = 8;
/**
 * The lowest priority. What a run of 8 ms takes while two long ones keep both CPUs of a busy machine (U-Net, 224 and 1,120 px, mean of 8 turns of
 * 2 s): 97 ms at equal priority, 68 at 5, 65 at 10, 49 at 19, 41 with `SCHED_IDLE`, and 37 alone. `SCHED_IDLE` was left out: it gives
 * little more, and beside another program's work next to nothing is left to it.
 */
const BEHIND_NICE = 19;

/** Throws UNIMPLEMENTED where the library cannot be loaded or is not what it should be. */
export async function openNativeEngine(slots: number): Promise<Engine> {
  return new NativeEngine(await getRuntime(), slots);
}

class NativeEngine implements Engine {
  readonly name = 'onnxruntime';
  readonly version: string;
  private readonly runtime: Runtime;
  private readonly releaseSlots: () => void;
  private readonly front: RunThreads;
  private readonly behind: RunThreads;
  private readonly sessions = new SessionSet<NativeSession>();

  constructor(runtime: Runtime, slots: number) {
    this.version = runtime.version;
    this.runtime = runtime;
    this.releaseSlots = reserveSlots(runtime, slots);
    this.front = new RunThreads(Math.min(slots, MOST_THREADS));
    this.behind = new RunThreads(slots, BEHIND_NICE);
  }

  open(path: string, options: SessionOptions): Promise<Session> {
    return this.sessions.open((onClosed) => this.load(path, options, onClosed));
  }

  close(): Promise<void> {
    return this.sessions.close(async () => {
      this.releaseSlots();
      await Promise.all([this.front.close(), this.behind.close()]);
    });
  }

  private async load(path: string, options: SessionOptions, onClosed: () => void): Promise<NativeSession> {
    await requireModel(path);
    const { runtime, front, behind } = this;
    return openSession({ runtime, front, behind }, path, options, onClosed);
  }
}

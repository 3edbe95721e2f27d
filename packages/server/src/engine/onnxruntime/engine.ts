/** The `onnxruntime` engine: sessions of ONNX Runtime in this process, called through its C API. */
import type { Engine, Session, SessionOptions } from '../../core/engine.ts';
import { requireModel } from '../model-file.ts';
import { SessionSet } from '../session-set.ts';
import { BehindThreads } from './behind.ts';
import type { Runtime } from './native.ts';
import { getRuntime, reserveSlots } from './runtime.ts';
import { type NativeSession, openSession } from './session.ts';

/** Throws UNIMPLEMENTED where the library cannot be loaded or is not what it should be. */
export async function openNativeEngine(slots: number): Promise<Engine> {
  return new NativeEngine(await getRuntime(), slots);
}

class NativeEngine implements Engine {
  readonly name = 'onnxruntime';
  readonly version: string;
  private readonly runtime: Runtime;
  private readonly releaseSlots: () => void;
  private readonly behind: BehindThreads;
  private readonly sessions = new SessionSet<NativeSession>();

  constructor(runtime: Runtime, slots: number) {
    this.version = runtime.version;
    this.runtime = runtime;
    this.releaseSlots = reserveSlots(runtime, slots);
    this.behind = new BehindThreads(slots);
  }

  open(path: string, options: SessionOptions): Promise<Session> {
    return this.sessions.open((onClosed) => this.load(path, options, onClosed));
  }

  close(): Promise<void> {
    return this.sessions.close(() => {
      this.releaseSlots();
      return this.behind.close();
    });
  }

  private async load(path: string, options: SessionOptions, onClosed: () => void): Promise<NativeSession> {
    await requireModel(path);
    return openSession({ runtime: this.runtime, behind: this.behind }, path, options, onClosed);
  }
}

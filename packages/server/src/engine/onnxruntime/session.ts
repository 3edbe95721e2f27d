/**
 * One compiled graph in ONNX Runtime. Runs share the session, so its weights are in memory once. A run is
 *   checked -> inline (small) or through the gate to another thread (large) -> results copied -> values released.
 */
import type { Tensor, TensorSpec } from '@floe/graph/base';
import type { BehindRun, Session, SessionOptions } from '../../core/engine.ts';
import { andThen, holding, type Later, promised } from '../../core/later.ts';
import { threadsOf } from '../capacity.ts';
import { checkFeeds, checkFetches, closedError } from '../validate.ts';
import { CNames } from './c-names.ts';
import { describeInputs, describeOutputs } from './describe.ts';
import type { Pointer } from './library.ts';
import { cell, type Runtime } from './native.ts';
import { RunCost } from './run-cost.ts';
import { RunFrame } from './run-frame.ts';
import { type RunAddresses, RunThreads } from './run-threads.ts';
import { withSessionOptions } from './session-options.ts';
import { check } from './status.ts';

/** Begins a run on checked tensors, for outputs by their place. */
type Start = (tensors: readonly Tensor[], wanted: readonly number[]) => Later<Tensor[]>;

export interface Host {
  readonly runtime: Runtime;
  /** For runs off the event loop. */
  readonly front: RunThreads;
  /** For those that give way to everything else. */
  readonly behind: RunThreads;
}

/** Loads the model on another thread. Throws DATA_LOSS, UNIMPLEMENTED, RESOURCE_EXHAUSTED. */
export function openSession(
  host: Host,
  path: string,
  options: SessionOptions,
  onClosed: () => void,
): Promise<NativeSession> {
  const { runtime } = host;
  return runtime.housekeeping.use(async () => {
    const handle = await withSessionOptions(runtime, options, (native) => createNative(runtime, path, native));
    try {
      return new NativeSession(host, handle, options, onClosed);
    } catch (error) {
      await releaseNative(runtime, handle);
      throw error;
    }
  });
}

async function createNative(runtime: Runtime, path: string, options: bigint): Promise<bigint> {
  const { api, env } = runtime;
  const session = new BigUint64Array(1);
  const status = await settled<Pointer>((done) => api.createSession.async(env, path, options, session, done));
  check(api, status, 'load', { file: path });
  return cell(session);
}

async function releaseNative({ api, library }: Runtime, handle: bigint): Promise<void> {
  await settled<undefined>((done) => api.releaseSession.async(handle, done));
  // What the session's arenas gave back stays with glibc otherwise.
  await library.trim();
}

export class NativeSession implements Session {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly runBehind?: NonNullable<Session['runBehind']>;
  private readonly runtime: Runtime;
  private readonly front: RunThreads;
  private readonly handle: bigint;
  private readonly gather: boolean;
  private readonly onClosed: () => void;
  private readonly inputNames: CNames;
  private readonly outputNames: CNames;
  private readonly cost = new RunCost();
  private readonly spareFrames: RunFrame[] = [];
  /** All that were made. What is reachable from here is every array that native code reads. */
  private readonly frames: RunFrame[] = [];
  private runs = 0;
  private whenIdle: (() => void) | undefined;
  private closing: Promise<void> | undefined;

  constructor({ runtime, front, behind }: Host, handle: bigint, options: SessionOptions, onClosed: () => void) {
    this.runtime = runtime;
    this.front = front;
    this.handle = handle;
    this.gather = options.gather ?? false;
    // A session's own threads would go on at full priority.
    if (RunThreads.havePriorities && threadsOf(options) === 1)
      this.runBehind = (feeds, fetches) => this.runOn(behind, feeds, fetches);
    this.onClosed = onClosed;
    this.inputs = describeInputs(runtime, handle);
    this.outputs = describeOutputs(runtime, handle);
    this.inputNames = new CNames(runtime.library, names(this.inputs));
    this.outputNames = new CNames(runtime.library, names(this.outputs));
  }

  run(feeds: ReadonlyMap<string, Tensor>, fetches: readonly string[]): Promise<readonly Tensor[]> {
    return promised(() => this.checked(feeds, fetches, this.dispatch));
  }

  private checked(feeds: ReadonlyMap<string, Tensor>, fetches: readonly string[], start: Start): Later<Tensor[]> {
    if (this.closing !== undefined) throw closedError('the session');
    const tensors = checkFeeds(this.inputs, feeds);
    const wanted = checkFetches(this.outputs, fetches);
    // Two names of a signature may stand for one tensor, which the library refuses to give twice.
    const distinct = wanted.length === 1 ? wanted : [...new Set(wanted)];
    this.runs++;
    const results = holding(() => start(tensors, distinct), this.runEnded);
    if (distinct.length === wanted.length) return results;
    return andThen(results, (given) => repeat(given, distinct, wanted));
  }

  /** One function for all runs. */
  private readonly runEnded = (): void => {
    this.runs--;
    if (this.runs === 0) this.whenIdle?.();
  };

  inlineSeconds(feeds: ReadonlyMap<string, Tensor>): number | undefined {
    const micros = this.cost.inlineMicros(elementsOf(feeds.values()));
    return micros === undefined ? undefined : micros / 1e6;
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async shutDown(): Promise<void> {
    if (this.runs > 0) await new Promise<void>((resolve) => (this.whenIdle = resolve));
    await this.runtime.housekeeping.use(() => releaseNative(this.runtime, this.handle));
    this.onClosed();
  }

  /** Not an async function: a small run should cost one promise, not two. And one function for all of them. */
  private readonly dispatch: Start = (tensors, wanted) => {
    const elements = elementsOf(tensors);
    const micros = this.cost.inlineMicros(elements);
    if (micros === undefined) return this.runtime.gate.use(() => this.runPooled(tensors, wanted, elements));
    return this.runtime.turns.run(micros, () => this.runInline(tensors, wanted, elements), this.gather);
  };

  private runInline(tensors: readonly Tensor[], wanted: readonly number[], elements: number): Tensor[] {
    const began = performance.now();
    const frame = this.takeFrame();
    try {
      this.bind(frame, tensors, wanted);
      check(this.runtime.api, this.runtime.api.run(...this.runArguments(frame, wanted.length)), 'run');
      return frame.results();
    } finally {
      this.giveBack(frame);
      this.cost.sawInline(elements, (performance.now() - began) * 1000);
    }
  }

  private async runPooled(tensors: readonly Tensor[], wanted: readonly number[], elements: number): Promise<Tensor[]> {
    const began = performance.now();
    const frame = this.takeFrame();
    try {
      this.bind(frame, tensors, wanted);
      check(this.runtime.api, await this.runElsewhere(frame, wanted.length, elements), 'run');
      this.cost.sawPooled(elements, (performance.now() - began) * 1000);
      return frame.results();
    } finally {
      this.giveBack(frame);
    }
  }

  /** A thread of ours takes 50 ms to come: until one is up, and for sizes that may yet be small, one of libuv's does it. */
  private async runElsewhere(frame: RunFrame, outputs: number, elements: number): Promise<Pointer> {
    if (this.front.ready) return (await this.front.run(this.runAddresses(frame, outputs))).status;
    if (this.cost.isLarge(elements)) void this.front.grow();
    const args = this.runArguments(frame, outputs);
    return settled<Pointer>((done) => this.runtime.api.run.async(...args, done));
  }

  private async runOn(
    threads: RunThreads,
    feeds: ReadonlyMap<string, Tensor>,
    fetches: readonly string[],
  ): Promise<BehindRun> {
    let cpuSeconds = 0;
    const results = await this.checked(feeds, fetches, async (tensors, wanted) => {
      const frame = this.takeFrame();
      try {
        this.bind(frame, tensors, wanted);
        const ran = await threads.run(this.runAddresses(frame, wanted.length));
        check(this.runtime.api, ran.status, 'run');
        cpuSeconds = ran.cpuSeconds;
        this.cost.sawPooled(elementsOf(tensors), cpuSeconds * 1e6);
        return frame.results();
      } finally {
        this.giveBack(frame);
      }
    });
    return { results, cpuSeconds };
  }

  private bind(frame: RunFrame, tensors: readonly Tensor[], wanted: readonly number[]): void {
    frame.bind(
      tensors,
      wanted.map((at) => this.outputNames.addresses[at] ?? 0n),
    );
  }

  private runArguments(frame: RunFrame, outputs: number) {
    const { pointers } = this.inputNames;
    return [
      this.handle,
      null,
      pointers,
      frame.inputs,
      this.inputs.length,
      frame.outputNames,
      outputs,
      frame.outputs,
    ] as const;
  }

  /** The same for another thread, in which there are no arrays. */
  private runAddresses(frame: RunFrame, outputs: number): RunAddresses {
    const at = (array: BigUint64Array): bigint => this.runtime.library.addressOf(array);
    const [handle, options, names_, inputs, count, outputNames, wanted, results] = this.runArguments(frame, outputs);
    return [handle, options, at(names_), at(inputs), count, at(outputNames), wanted, at(results)];
  }

  private takeFrame(): RunFrame {
    const spare = this.spareFrames.pop();
    if (spare !== undefined) return spare;
    const frame = new RunFrame(this.runtime, this.inputs.length, this.outputs.length);
    this.frames.push(frame);
    return frame;
  }

  private giveBack(frame: RunFrame): void {
    frame.release();
    this.spareFrames.push(frame);
  }
}

function repeat(results: readonly Tensor[], distinct: readonly number[], wanted: readonly number[]): Tensor[] {
  const byPosition = new Map(distinct.map((at, i) => [at, results[i]]));
  return wanted.flatMap((at) => byPosition.get(at) ?? []);
}

function elementsOf(tensors: Iterable<Tensor>): number {
  let elements = 0;
  for (const tensor of tensors) elements += tensor.data.length;
  return elements;
}

function names(specs: readonly TensorSpec[]): string[] {
  return specs.map(({ name }) => name);
}

/** A native call on another thread as a promise. */
function settled<T>(call: (done: (error: Error | null, result: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, result) => (error === null ? resolve(result) : reject(error)));
  });
}

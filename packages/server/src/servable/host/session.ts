/**
 * A session of which the host runs a part: what comes before the engine (parsing of Examples, vocabularies), then the engine, then what
 * comes after it (class names). To whoever runs it, it is a session like any other.
 */
import { join } from 'node:path';
import type { Tensor, TensorSpec } from '@floe/graph/base';
import { type HostProgram, readHostProgram } from '@floe/graph/host';
import { type Artefact, HOST_FILE } from '../../build/artefact.ts';
import type { BehindRun, Session } from '../../core/engine.ts';
import { checkFeeds, checkFetches, closedError } from '../../engine/validate.ts';
import { decodePixels } from '../../input/pixels.ts';
import { readVersionFile } from '../../store/version-folder.ts';

/** `engine` is absent where all runs on the host; it is closed with the session. Throws what reading the host's part throws. */
export async function openHosted(artefact: Artefact, engine: Session | undefined): Promise<Session> {
  try {
    const file = join(artefact.folder, HOST_FILE);
    const program = readHostProgram(await readVersionFile(file), file, { decodeImage: decodePixels });
    return new HostedSession(artefact, program, engine);
  } catch (error) {
    await engine?.close();
    throw error;
  }
}

type EngineRun = Session['run'];

class HostedSession implements Session {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** What each output is called in the parts. */
  private readonly sources: Readonly<Record<string, string>>;
  private readonly program: HostProgram;
  private readonly engine: Session | undefined;
  readonly runBehind?: NonNullable<Session['runBehind']>;
  private closed = false;
  private readonly running = new Set<Promise<unknown>>();

  constructor({ inputs, outputs, host }: Artefact, program: HostProgram, engine: Session | undefined) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.sources = host?.sources ?? {};
    this.program = program;
    this.engine = engine;
    const behind = engine?.runBehind;
    if (behind !== undefined) this.runBehind = (feeds, fetches) => this.withEngineBehind(behind, feeds, fetches);
  }

  run(feeds: ReadonlyMap<string, Tensor>, fetches: readonly string[]): Promise<readonly Tensor[]> {
    return this.hold(feeds, fetches, async (given, outputs) => this.engine?.run(given, outputs) ?? []);
  }

  /** The host's part goes on the event loop, as ever. */
  private async withEngineBehind(
    behind: NonNullable<Session['runBehind']>,
    feeds: ReadonlyMap<string, Tensor>,
    fetches: readonly string[],
  ): Promise<BehindRun> {
    const began = performance.now();
    let gaveWay = 0;
    const results = await this.hold(feeds, fetches, async (given, outputs) => {
      const from = performance.now();
      const ran = await behind(given, outputs);
      gaveWay = (performance.now() - from) / 1000 - ran.cpuSeconds;
      return ran.results;
    });
    return { results, cpuSeconds: (performance.now() - began) / 1000 - gaveWay };
  }

  private async hold(feeds: ReadonlyMap<string, Tensor>, fetches: readonly string[], engine: EngineRun) {
    if (this.closed) throw closedError('this session');
    checkFeeds(this.inputs, feeds);
    checkFetches(this.outputs, fetches);
    const run = this.start(feeds, fetches, engine);
    this.running.add(run);
    return run.finally(() => this.running.delete(run));
  }

  private async start(
    feeds: ReadonlyMap<string, Tensor>,
    fetches: readonly string[],
    engine: EngineRun,
  ): Promise<readonly Tensor[]> {
    const values = this.program.start(feeds);
    if (this.engine !== undefined) {
      const wanted = this.engine.inputs.map(({ name }) => name);
      const given = await values.get(wanted);
      const outputs = this.engine.outputs.map(({ name }) => name);
      const results = await engine(new Map(given.map((tensor, i) => [wanted[i] as string, tensor])), outputs);
      for (const [i, tensor] of results.entries()) values.give(outputs[i] as string, tensor);
    }
    return values.get(fetches.map((name) => this.sources[name] ?? name));
  }

  /** The host's part is of no known length. */
  inlineSeconds(): undefined {
    return undefined;
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.allSettled(this.running);
    await this.engine?.close();
  }
}

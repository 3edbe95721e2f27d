/**
 * A session of which the host runs a part: what comes before the engine (parsing of Examples, vocabularies), then the engine, then what
 * comes after it (class names). To whoever runs it, it is a session like any other.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tensor, TensorSpec } from '@floe/graph/base';
import { type HostProgram, readHostProgram } from '@floe/graph/host';
import { type Artefact, HOST_FILE } from '../../build/artefact.ts';
import type { Session } from '../../core/engine.ts';
import { checkFeeds, checkFetches, closedError } from '../../engine/validate.ts';
import { decodePixels } from '../../input/pixels.ts';

/** `engine` is absent where all runs on the host; it is closed with the session. Throws what reading the host's part throws. */
export async function openHosted(artefact: Artefact, engine: Session | undefined): Promise<Session> {
  try {
    const file = join(artefact.folder, HOST_FILE);
    const program = readHostProgram(await readFile(file), file, { decodeImage: decodePixels });
    return new HostedSession(artefact, program, engine);
  } catch (error) {
    await engine?.close();
    throw error;
  }
}

class HostedSession implements Session {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** What each output is called in the parts. */
  private readonly sources: Readonly<Record<string, string>>;
  private readonly program: HostProgram;
  private readonly engine: Session | undefined;
  private closed = false;
  private readonly running = new Set<Promise<unknown>>();

  constructor({ inputs, outputs, host }: Artefact, program: HostProgram, engine: Session | undefined) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.sources = host?.sources ?? {};
    this.program = program;
    this.engine = engine;
  }

  async run(feeds: ReadonlyMap<string, Tensor>, fetches: readonly string[]): Promise<readonly Tensor[]> {
    if (this.closed) throw closedError('this session');
    checkFeeds(this.inputs, feeds);
    checkFetches(this.outputs, fetches);
    const run = this.start(feeds, fetches);
    this.running.add(run);
    return run.finally(() => this.running.delete(run));
  }

  private async start(feeds: ReadonlyMap<string, Tensor>, fetches: readonly string[]): Promise<readonly Tensor[]> {
    const values = this.program.start(feeds);
    if (this.engine !== undefined) {
      const wanted = this.engine.inputs.map(({ name }) => name);
      const given = await values.get(wanted);
      const outputs = this.engine.outputs.map(({ name }) => name);
      const results = await this.engine.run(new Map(given.map((tensor, i) => [wanted[i] as string, tensor])), outputs);
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

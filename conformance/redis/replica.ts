/** One process' output cache in front of a model whose answers say which version computed them, and how often. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AccuracyBook } from '../../packages/server/src/cache/accuracy-book.ts';
import { DEFAULT_POLICY } from '../../packages/server/src/cache/gate.ts';
import { OutputCache } from '../../packages/server/src/cache/output-cache.ts';
import { openRedis } from '../../packages/server/src/cache/redis.ts';
import { DEFAULT_GUARD, GuardedStore, type RemoteStore } from '../../packages/server/src/cache/second-level.ts';
import type { KnownCall, NamedTensor, ServableInfo } from '../../packages/server/src/core/inference.ts';
import { plainTerms } from '../../packages/server/src/core/terms.ts';

export interface Load {
  readonly asked: number;
  readonly wrong: number;
  /** Milliseconds of the slowest. */
  readonly slowest: number;
}

const MODEL = 'digits';
const FLOATS = 250;
/** Longer than Redis is waited for: a model that is faster than that does not ask it when it is slow. */
const COMPUTE_MS = 10;
const NOBODY_LEAVES = new AbortController().signal;

export class Replica {
  readonly book = new AccuracyBook();
  readonly cache: OutputCache;
  readonly guarded: GuardedStore;
  readonly said: string[];
  runs = 0;
  private readonly remote: RemoteStore;

  private constructor(remote: RemoteStore, said: string[]) {
    this.remote = remote;
    this.said = said;
    this.guarded = new GuardedStore(remote, DEFAULT_GUARD);
    this.cache = new OutputCache({
      policy: DEFAULT_POLICY,
      verify: { every: 0, bound: 0.2 },
      limitBytes: 2 ** 20,
      accuracy: this.book,
      second: this.guarded,
    });
    this.book.fromManifest(MODEL, 1, 0.9);
    this.cache.serves(MODEL, 1);
  }

  /** Waits for its connection, unless there can be none. */
  static async start(url: string, isReachable = true): Promise<Replica> {
    const said: string[] = [];
    const remote = await openRedis({ url, namespace: 'suite', log: (_, message) => said.push(message) });
    const replica = new Replica(remote, said);
    if (isReachable) await replica.connected();
    return replica;
  }

  async connected(): Promise<void> {
    while (!this.guarded.stats().isUp) await sleep(10);
  }

  /** `hit` or `miss`, or `wrong` for an answer that is not that of the input. */
  async ask(input: number): Promise<string> {
    const call = callWith(input);
    const terms = plainTerms(NOBODY_LEAVES);
    const context = { servable: SERVABLE, ref: { name: MODEL }, isStable: true };
    const { outputs } = await this.cache.answer(call, context, terms, async () => {
      this.runs++;
      await sleep(COMPUTE_MS);
      return answerTo(input);
    });
    const right = answerTo(input)[0]?.tensor.data.toString();
    return outputs[0]?.tensor.data.toString() === right ? (terms.notes.cache?.state ?? '') : 'wrong';
  }

  /** Asks `count` different questions, eight at a time, while `during` does something to Redis. */
  async load(from: number, count: number, during: () => unknown): Promise<Load> {
    let next = from;
    let wrong = 0;
    let slowest = 0;
    const asker = async (): Promise<void> => {
      while (next < from + count) {
        const input = next++;
        if (input === from + Math.round(count / 4)) await during();
        const started = performance.now();
        if ((await this.ask(input)) === 'wrong') wrong++;
        slowest = Math.max(slowest, performance.now() - started);
        await sleep(0);
      }
    };
    await Promise.all(Array.from({ length: 8 }, asker));
    return { asked: count, wrong, slowest };
  }

  /** Waits until all that it has sent has arrived: commands of one connection are answered in order. */
  async settled(): Promise<void> {
    await this.remote.ping();
  }

  close(): Promise<void> {
    return this.cache.close();
  }
}

const SERVABLE: ServableInfo = {
  model: MODEL,
  version: 1,
  signatures: {
    serving_default: {
      inputs: { x: { name: 'x:0', dtype: 'float32', shape: [1] } },
      outputs: { y: { name: 'y:0', dtype: 'float32', shape: [FLOATS] } },
      methodName: '',
    },
  },
  defaultSignature: 'serving_default',
  labels: [],
  preprocessing: {},
  metadata: {},
  deterministic: true,
};

function callWith(input: number): KnownCall {
  return { inputs: new Map([['x', { dtype: 'float32', shape: [1], data: Float32Array.of(input) }]]) };
}

function answerTo(input: number): readonly NamedTensor[] {
  return [{ name: 'y', tensor: { dtype: 'float32', shape: [FLOATS], data: new Float32Array(FLOATS).fill(input) } }];
}

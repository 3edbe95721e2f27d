/**
 * The bare engine: the same compiled graph in the same engine module, without a server around it. The parent sends one `Question` at a
 * time; each is answered when its runs are over.
 */
import process from 'node:process';
import { openEngine } from '../../packages/server/dist/engine/index.js';

export type Question =
  | { readonly open: string; readonly inputs: readonly Feed[]; readonly slots: number }
  /** So many runs, never more than `inFlight` at a time. */
  | { readonly runs: number; readonly inFlight: number };

export interface Feed {
  /** Inputs that it may be for; without any, inputs are fed in order. */
  readonly names?: readonly string[];
  readonly dtype?: 'float32' | 'float64' | 'int32' | 'int64' | 'uint8' | 'bool';
  readonly shape: readonly number[];
  readonly data: ArrayBufferView;
}

export interface Runs {
  readonly seconds: number;
  /** CPU seconds of this process. */
  readonly cpu: number;
}

type Session = Awaited<ReturnType<Awaited<ReturnType<typeof openEngine>>['open']>>;

let runOnce = async (): Promise<unknown> => undefined;

async function open({ open: path, inputs, slots }: Extract<Question, { open: string }>): Promise<Runs> {
  const engine = await openEngine({ kind: 'onnxruntime', slots });
  const session: Session = await engine.open(path, { intraOpThreads: 1 });
  const feeds = new Map(
    session.inputs.map(({ name }, index) => {
      const feed = inputs.find(({ names }) => names?.includes(name)) ?? inputs[index];
      if (feed === undefined) throw new Error(`nothing is fed to ${name}`);
      return [name, { dtype: feed.dtype ?? 'float32', shape: feed.shape, data: feed.data as Float32Array }];
    }),
  );
  const fetches = session.outputs.map(({ name }) => name);
  runOnce = () => session.run(feeds, fetches);
  return { seconds: 0, cpu: 0 };
}

async function runs({ runs: count, inFlight }: Extract<Question, { runs: number }>): Promise<Runs> {
  const started = performance.now();
  const before = process.cpuUsage();
  let left = count;
  const one = async (): Promise<void> => {
    while (left-- > 0) await runOnce();
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - started) / 1000, cpu: (user + system) / 1e6 };
}

process.on('message', (question: Question) => {
  const done = 'open' in question ? open(question) : runs(question);
  done.then(
    (reply) => process.send?.(reply),
    (error: Error) => process.send?.({ error: error.message }),
  );
});

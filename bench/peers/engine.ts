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
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface Runs {
  readonly seconds: number;
}

type Session = Awaited<ReturnType<Awaited<ReturnType<typeof openEngine>>['open']>>;

let runOnce = async (): Promise<unknown> => undefined;

async function open({ open: path, inputs, slots }: Extract<Question, { open: string }>): Promise<Runs> {
  const engine = await openEngine({ kind: 'onnxruntime', slots });
  const session: Session = await engine.open(path, { intraOpThreads: 1 });
  const feeds = new Map(
    session.inputs.map(({ name }, index) => {
      const { shape, data } = inputs[index] ?? { shape: [], data: new Float32Array() };
      return [name, { dtype: 'float32' as const, shape, data }];
    }),
  );
  const fetches = session.outputs.map(({ name }) => name);
  runOnce = () => session.run(feeds, fetches);
  return { seconds: 0 };
}

async function runs({ runs: count, inFlight }: Extract<Question, { runs: number }>): Promise<Runs> {
  const started = performance.now();
  let left = count;
  const one = async (): Promise<void> => {
    while (left-- > 0) await runOnce();
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  return { seconds: (performance.now() - started) / 1000 };
}

process.on('message', (question: Question) => {
  const done = 'open' in question ? open(question) : runs(question);
  done.then(
    (reply) => process.send?.(reply),
    (error: Error) => process.send?.({ error: error.message }),
  );
});

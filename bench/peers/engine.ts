/**
 * The bare engine: the same compiled graph in the same engine module, without a server around it. The parent sends one `Question` at a
 * time; each is answered when its runs are over.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import process from 'node:process';
import { openEngine } from '../../packages/server/dist/engine/index.js';

export type Question =
  | { readonly open: string; readonly inputs: readonly Feed[]; readonly slots: number }
  /** So many runs, never more than `inFlight` at a time. */
  | { readonly runs: number; readonly inFlight: number }
  /** From now on a run for each byte that comes in on a port, answered with a byte; first come first served. */
  | { readonly listen: true; readonly inFlight: number };

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

function listen({ inFlight }: Extract<Question, { listen: true }>): Promise<{ port: number }> {
  const waiting: Socket[] = [];
  let free = inFlight;
  const next = async (): Promise<void> => {
    const socket = free > 0 ? waiting.shift() : undefined;
    if (socket === undefined) return;
    free -= 1;
    await runOnce();
    free += 1;
    socket.write('.');
    await next();
  };
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      for (let i = 0; i < bytes.length; i++) waiting.push(socket);
      void next();
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve({ port: (server.address() as AddressInfo).port }));
  });
}

function answer(question: Question): Promise<object> {
  if ('open' in question) return open(question);
  return 'listen' in question ? listen(question) : runs(question);
}

process.on('message', (question: Question) => {
  answer(question).then(
    (reply) => process.send?.(reply),
    (error: Error) => process.send?.({ error: error.message }),
  );
});

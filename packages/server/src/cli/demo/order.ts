/** Who waits for whom: small requests that come while big ones are under way, in one order and in the other. Times are measured. */
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import type { ServeConfig } from '../../core/config.ts';
import { type Say, table } from '../output.ts';
import { type RunningServer, startServer } from '../server.ts';
import { ask, rawRequest } from './client.ts';
import { type Holdout, MODEL } from './digits.ts';

const BIG_REQUESTS = 4;
/** Of each big request: some 0.1 s of work, and 6 MB. */
const BIG_ROWS = 2000;
/** Enough for a place in the queue: less than a fifth of a millisecond of work is run at once. */
const SMALL_ROWS = 16;
const SMALL_EVERY_MS = 10;
/** Small requests, one behind the other, before there is anything else. */
const ALONE = 9;

export interface OrderRun {
  readonly policy: ServeConfig['policy'];
  /** What a small request takes while there is nothing else: half of them less. */
  readonly aloneMs: number;
  readonly small: { readonly n: number; readonly medianMs: number; readonly slowestMs: number };
  /** Until the last of the big requests was answered. */
  readonly bigMs: number;
}

/** One server after the other, of one slot each, the same but for the order. */
export async function showOrder(config: ServeConfig, images: Holdout, say: Say): Promise<readonly OrderRun[]> {
  say(`
Short work does not wait for long work. ${BIG_REQUESTS} big requests of ${BIG_ROWS} digits come at once, and once they
are all in the queue a small one of ${SMALL_ROWS} digits every ${SMALL_EVERY_MS} ms. What they took just now, on servers that run one
thing at a time:
`);
  const runs = [];
  for (const policy of ['size-first', 'fifo'] as const) runs.push(await measure({ ...config, policy }, images));
  say(table([HEAD, ...runs.map(rowOf)]));
  return runs;
}

const HEAD = ['  --policy', 'small alone', 'meanwhile: half within', 'slowest', 'last big', '  what runs next'];

function rowOf({ policy, aloneMs, small, bigMs }: OrderRun): string[] {
  const times = [aloneMs, small.medianMs, small.slowestMs, bigMs].map(milliseconds);
  return [`  ${policy}`, ...times, policy === 'fifo' ? '  what came first' : '  what is short; big ones run in parts'];
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}

async function measure(config: ServeConfig, images: Holdout): Promise<OrderRun> {
  const server = await startServer(
    { ...config, httpPort: 0, adminPort: 0, grpcPort: 'off', slots: 1 },
    pino({ level: 'silent' }),
  );
  try {
    const url = `${server.http}/v2/models/${MODEL}/infer`;
    const [big, small] = [digits(images, BIG_ROWS), digits(images, SMALL_ROWS)];
    // The server learns what big ones take; then what small ones do.
    await timed(url, big);
    const alone = [];
    for (let i = 0; i < ALONE; i++) alone.push(await timed(url, small));
    return { policy: config.policy, aloneMs: median(alone), ...(await together(server, url, big, small)) };
  } finally {
    await server.close();
  }
}

async function together(
  { admin }: RunningServer,
  url: string,
  big: RequestInit,
  small: RequestInit,
): Promise<Pick<OrderRun, 'small' | 'bigMs'>> {
  const before = await accepted(admin);
  let underWay = true;
  const bigs = Promise.all(Array.from({ length: BIG_REQUESTS }, () => timed(url, big))).finally(() => {
    underWay = false;
  });
  // Small ones come later: sending 25 MB keeps this process busy, which is not the server's doing.
  while (underWay && (await Promise.race([accepted(admin), bigs.then(() => 0)])) < before + BIG_REQUESTS);
  const smalls: Promise<number>[] = [];
  do {
    const one = timed(url, small);
    // A failure is thrown below, with all of them.
    one.catch(() => {});
    smalls.push(one);
    await Promise.race([bigs, delay(SMALL_EVERY_MS)]);
  } while (underWay);
  const [times, bigTimes] = await Promise.all([Promise.all(smalls), bigs]);
  const told = { n: times.length, medianMs: median(times), slowestMs: Math.max(...times) };
  return { small: told, bigMs: Math.max(...bigTimes) };
}

/** Tasks that have come into the queue so far. */
async function accepted(admin: string): Promise<number> {
  const queue = (await (await ask(`${admin}/admin/queue`)).json()) as { accepted: number };
  return queue.accepted;
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0;
}

/** Milliseconds until the whole answer is there. */
async function timed(url: string, request: RequestInit): Promise<number> {
  const started = performance.now();
  await (await ask(url, request)).arrayBuffer();
  return performance.now() - started;
}

/** The first so many of the holdout set, from the beginning again where there are no more. */
function digits({ pixels, size, width }: Holdout, rows: number): RequestInit {
  const values = new Float32Array(rows * size);
  for (let i = 0; i < values.length; i++) values[i] = (pixels[i % pixels.length] ?? 0) / 255;
  const { headers, body } = rawRequest(values, [rows, size / width, width, 1]);
  // Each time anew: a kept answer would tell nothing of the queue.
  return { method: 'POST', headers: { ...headers, 'cache-control': 'no-store' }, body };
}

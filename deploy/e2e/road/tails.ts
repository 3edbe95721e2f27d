/** How long small requests take beside big ones, by either order of waiting work. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Examples } from '../../../packages/server/src/train/examples.ts';
import type { Checks } from './checks.ts';
import { settled } from './events.ts';
import { type Addresses, Load, type Rates } from './load.ts';

/** Eight photographs at once keep a replica busy for as long as hundreds of digits. */
const AT_ONCE = 8;
/** Half of what one run at a time can do, so that a slower machine is not overrun. */
const RATES: Rates = { digits: 30, grpc: 0, photos: 6 };
const WARM_MS = 5000;
const MEASURE_MS = 25_000;

export interface Tails {
  readonly fifo: number;
  readonly sizeFirst: number;
  readonly failed: number;
}

export async function tails(
  checks: Checks,
  addresses: Addresses,
  users: Examples,
  jpeg: Buffer,
  upgrade: (...set: readonly string[]) => Promise<void>,
): Promise<Tails> {
  let failed = 0;
  const p99Of = async (policy: string): Promise<number> => {
    // One replica and one run at a time: it is the queue that is measured, not who else wants this machine's cores.
    await upgrade(
      'server.replicas=1',
      'config.slots=1',
      `config.policy=${policy}`,
      // A policy alone would be taken over by the pod as it is, in its own time.
      `server.podAnnotations.policy=${policy}`,
      'config.outputCacheMb=0',
      'worker.replicas=0',
    );
    await settled(1);
    const load = new Load(addresses, users, jpeg, AT_ONCE).start(RATES);
    await delay(WARM_MS);
    const from = performance.now();
    await delay(MEASURE_MS);
    const to = performance.now();
    await load.stop();
    failed += load.failures.length;
    checks.say(
      `${policy}: digits p50 ${load.quantile('digits', 0.5, from, to).toFixed(1)} ms, photographs p50 ${load.quantile('photos', 0.5, from, to).toFixed(0)} ms`,
    );
    return Number(load.quantile('digits', 0.99, from, to).toFixed(1));
  };
  const fifo = await p99Of('fifo');
  const sizeFirst = await p99Of('size-first');
  checks.that(
    'small requests wait less with small tasks first',
    sizeFirst < fifo,
    `p99 ${sizeFirst} ms, not ${fifo} ms`,
  );
  checks.that('no request fails beside big ones', failed === 0, `${failed} failed`);
  return { fifo, sizeFirst, failed };
}

/** Four times the load, all at once: the autoscaler brings replicas up until small requests are answered in time again, and down again afterwards. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Examples } from '../../../packages/server/src/train/examples.ts';
import type { Checks } from './checks.ts';
import { serverPods, settled } from './events.ts';
import { type Addresses, Load, type Rates } from './load.ts';
import { until } from './shell.ts';

const CALM: Rates = { digits: 5, grpc: 0, photos: 12 };
const BUSY: Rates = { digits: 20, grpc: 0, photos: 48 };
const LEAST = 2;
const MOST = 4;
/** What small requests shall take at most, at p99; and how soon again after the step. */
const TARGET_MS = 400;
const WITHIN_SECONDS = 180;
const LOOK_MS = 10_000;

export interface Scaling {
  readonly replicas: readonly number[];
  readonly seconds_to_target: number;
  readonly p99_ms: number;
  readonly failed: number;
}

export async function atFourTimesTheLoad(
  checks: Checks,
  addresses: Addresses,
  users: Examples,
  jpeg: Buffer,
  upgrade: (...set: readonly string[]) => Promise<void>,
): Promise<Scaling> {
  await upgrade(
    'worker.replicas=0',
    'autoscaling.enabled=true',
    `autoscaling.minReplicas=${LEAST}`,
    `autoscaling.maxReplicas=${MOST}`,
    'autoscaling.cpu=70',
    'autoscaling.scaleDownSeconds=15',
    'server.resources.requests.cpu=300m',
    'server.resources.limits.cpu=300m',
  );
  await settled(LEAST, 180);
  const load = new Load(addresses, users, jpeg).start(CALM);
  await delay(20_000);
  const step = performance.now();
  load.rates = BUSY;
  let seconds = Number.NaN;
  let p99 = Number.NaN;
  let most = LEAST;
  await until(`p99 is under ${TARGET_MS} ms again`, WITHIN_SECONDS, async () => {
    await delay(1000);
    most = Math.max(most, (await serverPods()).length);
    const now = performance.now();
    if (now - step < LOOK_MS || most === LEAST) return false;
    p99 = load.quantile('digits', 0.99, now - LOOK_MS);
    seconds = (now - step) / 1000;
    return p99 <= TARGET_MS;
  });
  checks.that(
    'a load four times as high brings replicas up',
    most > LEAST,
    `${LEAST} to ${most}, p99 ${p99.toFixed(0)} ms after ${seconds.toFixed(0)} s`,
  );
  load.rates = CALM;
  await settled(LEAST, 240);
  await load.stop();
  checks.that(
    'and a low one down again, without a request lost',
    load.failures.length === 0,
    `${load.failures.length} failed; ${load.failures[0]?.why ?? ''}`,
  );
  return {
    replicas: [LEAST, most, LEAST],
    seconds_to_target: Math.round(seconds),
    p99_ms: Math.round(p99),
    failed: load.failures.length,
  };
}

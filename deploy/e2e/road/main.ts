/**
 * The whole road on a real cluster, under load: what is measured on it is one JSON object, the last line but one. See `deploy/e2e/run`, which
 * starts it inside the cluster's network.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { accuraciesOf, LABELS, nextStable, PLAN } from '../../../packages/server/src/cli/demo/growth.ts';
import { load as open, tensor } from '../../../packages/server/src/index.ts';
import { ModelRepository } from '../../../packages/server/src/registry/repository.ts';
import { openObjectStore } from '../../../packages/server/src/store/objects/open.ts';
import type { Examples } from '../../../packages/server/src/train/examples.ts';
import { parsePlan } from '../../../packages/server/src/train/plan.ts';
import { TrainingStore } from '../../../packages/server/src/train/training-store.ts';
import { atFourTimesTheLoad } from './autoscaling.ts';
import { Checks } from './checks.ts';
import { cpuSeconds } from './costs.ts';
import { drainServers, killServer, oneServer, serverPods, settled, starveServer, without } from './events.ts';
import { type Addresses, Load, type Rates } from './load.ts';
import { equalsTensorFlow, photograph, publishDigits, publishPhotos, sources } from './models.ts';
import { kubectl, logOf, until, upgrade } from './shell.ts';
import { startTimes } from './starts.ts';
import { tails } from './tails.ts';

const REPLICAS = 3;
const RATES: Rates = { digits: 40, grpc: 8, photos: 2 };
/** A server that is killed takes what it has along, where that is too large to be sent again. */
const AT_ONCE = 2;
const KILLS = 2;
const STORE_AWAY_SECONDS = Number(process.env['FLOE_AWAY_SECONDS'] ?? 60);
const S3 = process.env['FLOE_S3'] ?? '';

const BALANCER = 'app.kubernetes.io/name=floe,app.kubernetes.io/component=balancer';

const checks = new Checks();
const folder = await mkdtemp(join(tmpdir(), 'floe-road-'));
const objects = await openObjectStore(S3);
const repository = new ModelRepository(objects);
try {
  await walk();
} finally {
  objects.close();
  await rm(folder, { recursive: true, force: true });
}
process.stdout.write(`${checks.passed} passed, ${checks.failed} failed\n`);
process.exitCode = checks.failed === 0 ? 0 : 1;

async function walk(): Promise<void> {
  checks.that('what the README says of a cluster works', process.env['FLOE_README'] === '1 passed, 0 failed');
  const { digits, mobilenet, resnet } = await sources();
  const equal =
    (await checks.step('frozen models against TensorFlow', async () => {
      const both = [await equalsTensorFlow(digits), await equalsTensorFlow(mobilenet)];
      checks.that('frozen models answer as TensorFlow does', both.every(Boolean));
      return both.every(Boolean);
    })) ?? false;
  const users = await checks.step('publishing', async () => {
    const others = await publishDigits(folder, objects);
    await publishPhotos(mobilenet, folder, S3);
    return others;
  });
  if (users === undefined) return;
  await checks.step('installing the chart', async () => {
    await upgraded();
    await settled(REPLICAS);
  });
  const addresses = await frontDoor();
  const jpeg = await photograph(640, 480);
  const load = new Load(addresses, users, jpeg).start(RATES);
  await delay(3000);
  const pods = (await serverPods()).length;
  const grown = await checks.step('corrections, training, rollout', () => grow(load));
  const device = await checks.step('the device that trained', trainingDevice);
  await disturb(load);
  await load.stop();
  checks.that('every request was answered', load.failures.length <= KILLS * AT_ONCE, told(load));
  const wrong = await wrongVersions(load, users);
  checks.that(
    'every answer is what the version said that it names',
    wrong === 0,
    `${load.claims.length} answers, ${wrong} are not`,
  );
  const small = await checks.step('small requests beside big ones', () =>
    tails(checks, addresses, users, jpeg, upgraded),
  );
  const scaled = await checks.step('four times the load', () =>
    atFourTimesTheLoad(checks, addresses, users, jpeg, upgraded),
  );
  const starts = await checks.step('starts', () => startTimes(checks, { mobilenet, resnet }, folder, S3));
  const cpu = await checks.step('CPU of a thousand requests', cpuSeconds);
  const failed = load.failures.length + (small?.failed ?? 0) + (scaled?.failed ?? 0);
  const figures = {
    equal_to_tensorflow: equal,
    pods,
    accuracy: grown?.accuracy ?? [],
    cache: { opened_at: grown?.openedAt ?? null, entries_ended: load.ended, hits: load.hits, wrong_version: wrong },
    small_p99_ms: { fifo: small?.fifo ?? null, size_first: small?.sizeFirst ?? null },
    cpu_s_per_1000: cpu ?? null,
    trained_on: device ?? null,
    failed_requests: failed,
    answered: load.answered,
    corrected: load.corrected,
    ready_ms: starts ?? null,
    scaling: scaled ?? null,
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}

/** Brings the release to the values of the test, with what is said otherwise. */
function upgraded(...set: readonly string[]): Promise<void> {
  return upgrade('floe', set, 180);
}

/** Where the balancer is. */
/** A service refuses connections for a moment after its pods are ready: until the node has heard of it. */
async function frontDoor(): Promise<Addresses> {
  const ip = await kubectl('get', 'service', 'floe', '--output', 'jsonpath={.spec.clusterIP}');
  const http = `http://${ip}:8501`;
  await until('the service answers', 60, async () => {
    const answer = await fetch(`${http}/v2/health/ready`).catch(() => undefined);
    await answer?.arrayBuffer();
    return answer?.ok === true;
  });
  return { http, grpc: `http://${ip}:8500` };
}

interface Grown {
  readonly versions: readonly number[];
  readonly accuracy: readonly number[];
  readonly openedAt: number | undefined;
}

/** Two trainings by the worker, the second from many more corrections. */
async function grow(load: Load): Promise<Grown> {
  const store = new TrainingStore(objects);
  const versions = [(await repository.channels('digits')).stable ?? 0];
  for (const labels of LABELS) {
    load.known += labels;
    await store.keepPlan('digits', parsePlan({ ...PLAN, after: { labels } }, 'the road'));
    versions.push(await nextStable(repository, versions.at(-1) as number));
    checks.say(`digits ${versions.at(-1)} is stable after ${load.corrected} corrections`);
    // Everything popular is asked about again.
    await delay(5000);
  }
  const accuracy = await accuraciesOf(repository, versions);
  const openedAt = accuracy[versions.indexOf(load.firstCachedBy ?? -1)];
  const [before = 1, between = 0, after = 0] = accuracy;
  checks.that(
    'accuracy grows over 80 % and further',
    before < 0.8 && between >= 0.8 && after > between,
    accuracy.join(', '),
  );
  checks.that('the cache opens with the first version over 80 %', openedAt === between, String(openedAt));
  checks.that(
    'its entries end when the model is a milestone better',
    load.ended > 0,
    `${load.ended} ended, ${load.hits} hits`,
  );
  return { versions, accuracy, openedAt };
}

/** All that may happen without a request lost. */
async function disturb(load: Load): Promise<void> {
  const during = async (name: string, mayFail: number, work: () => Promise<unknown>): Promise<void> => {
    const from = performance.now();
    await checks.step(name, work);
    await delay(2000);
    const failed = load.failedSince(from);
    const p99 = load.quantile('digits', 0.99, from).toFixed(0);
    const reasons = failed.slice(0, 3).map(({ kind, why }) => `${kind}: ${why}`);
    const what = mayFail === 0 ? 'no request fails' : 'no request fails but what it had at that moment';
    checks.that(`${what}: ${name}`, failed.length <= mayFail, [`p99 ${p99} ms`, ...reasons].join('; '));
  };
  const undisturbed = (name: string, work: () => Promise<unknown>): Promise<void> => during(name, 0, work);
  await undisturbed('rolling update of the image', async () => {
    await upgraded('image.tag=e2e-next');
    await settled(REPLICAS);
  });
  await undisturbed('rolling update of the configuration', async () => {
    await upgraded('image.tag=e2e-next', 'config.inputCacheMb=32');
    await settled(REPLICAS);
  });
  await undisturbed('a new version of the model', async () => {
    const number = await repository.publish('mobilenet', join(folder, 'mobilenet/1'), { by: 'road' });
    await repository.promote('mobilenet', number, { by: 'road' });
    await delay(8000);
  });
  await undisturbed('a pod is deleted', async () => {
    const { metadata } = await oneServer();
    await kubectl('delete', 'pod', metadata.name, '--wait=false');
    await settled(REPLICAS);
  });
  await undisturbed('the balancer is replaced', async () => {
    await kubectl('rollout', 'restart', 'deployment/floe-balancer');
    await kubectl('rollout', 'status', 'deployment/floe-balancer', '--timeout=120s');
    // The old one answers for a while yet.
    await until(
      'the old balancer is gone',
      90,
      async () =>
        (await kubectl('get', 'pods', '--selector', BALANCER, '--output', 'name')).trim().split('\n').length === 1,
    );
  });
  await undisturbed('the node is drained', async () => {
    const refused = await drainServers(REPLICAS);
    checks.that('the disruption budget holds evictions back', refused > 0, `${refused} times`);
  });
  await during('a server is killed', AT_ONCE, async () => {
    await killServer();
    await settled(REPLICAS);
  });
  await during('a server runs out of memory', AT_ONCE, async () => {
    await starveServer();
    await settled(REPLICAS);
  });
  for (const store of ['redis', 'postgres', 's3'])
    await undisturbed(`${store} is away for ${STORE_AWAY_SECONDS} s`, () => without(store, STORE_AWAY_SECONDS));
}

/** As the worker says that it found it. */
async function trainingDevice(): Promise<'cpu' | 'cuda'> {
  const said = await logOf<{ readonly devices?: readonly string[] }>('deployment/floe-worker');
  const devices = said.flatMap((line) => line.devices ?? []);
  if (devices.length === 0) throw new Error('the worker names no device');
  return devices.every((id) => id.endsWith('/cpu')) ? 'cpu' : 'cuda';
}

/** Answers that are not what the version says that they name. */
async function wrongVersions(load: Load, users: Examples): Promise<number> {
  const images = users.inputs.get('x');
  if (images === undefined) return 0;
  const published = await repository.versions('digits');
  let wrong = 0;
  for (const version of new Set(load.claims.map((claim) => claim.version))) {
    if (!published.includes(version)) {
      wrong += load.claims.filter((claim) => claim.version === version).length;
      continue;
    }
    const brought = await repository.bring('digits', version, join(folder, 'brought'));
    const session = await open(brought);
    const [classes] = await session.run({ x: tensor(images.data as Float32Array, images.shape) }, ['klass']);
    await session.close();
    const known = classes?.data as BigInt64Array;
    wrong += load.claims.filter(
      (claim) => claim.version === version && Number(known[claim.row]) !== claim.klass,
    ).length;
  }
  return wrong;
}

function told(load: Load): string {
  const [first] = load.failures;
  const how =
    first === undefined
      ? ''
      : `, the first of ${first.kind}, ${first.at.toFixed(0)} ms after the road began: ${first.why}`;
  return `${load.answered} answered, ${load.failures.length} failed${how}`;
}

/**
 * How a model grows up: it begins too inaccurate for its answers to be cached; users ask it all the time and say what would have been right; trainings
 * learn from that, and each better version is tried out and takes over while requests go on. Everything that is told was counted by the caller.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FloeError, type Tensor } from '@floe/graph/base';
import { pino } from 'pino';
import { resolveConfig } from '../../core/config.ts';
import { ModelRepository } from '../../registry/repository.ts';
import { openObjectStore } from '../../store/objects/open.ts';
import { writeDataset } from '../../train/dataset.ts';
import { evaluate, storeEvaluation } from '../../train/evaluate/evaluate.ts';
import { type Examples, takeRows } from '../../train/examples.ts';
import { parsePlan } from '../../train/plan.ts';
import { TrainingStore } from '../../train/training-store.ts';
import type { Say } from '../output.ts';
import { table } from '../output.ts';
import { type RunningServer, startServer } from '../server.ts';
import { freezeUndertrained, type Holdout, MODEL } from './digits.ts';
import { Users } from './users.ts';

export interface GrowthPlaces {
  /** A PostgreSQL, an S3 and a Redis to use instead of what is built in. */
  readonly postgres?: string;
  readonly s3?: string;
  readonly redis?: string;
}

/** All of it measured; accuracies by the examples that are held out. */
export interface Growth {
  readonly accuracy: readonly number[];
  readonly versions: readonly number[];
  /** Accuracy of the version whose answers were the first to be cached. */
  readonly cache_opened_at: number | null;
  /** Answers that ended since the model had reached the accuracy they were good for. */
  readonly cache_entries_ended: number;
  readonly cache_hits: number;
  readonly answered: number;
  readonly failed_requests: number;
}

/** Every fifth digit is held out: no version ever learns from it. */
const HELD_OUT = 5;
/** The set is sorted by class; steps of this many go through it in no order. */
const STRIDE = 619;
/** New corrections after which a training comes, one after the other: 400 make it good enough for the cache, all of them better by a milestone. */
export const LABELS = [400, 1100] as const;
export const PLAN = {
  dataset: 'digits',
  parameters: { layers: 2, learningRate: 0.01, patience: 6, steps: 1500 },
  rollout: [50],
};
const LONGEST_MS = 600_000;

export async function showGrowth(root: string, images: Holdout, places: GrowthPlaces, say: Say): Promise<Growth> {
  say(`
Now the same network after 30 steps of its training only. Users ask it about digits that it has not seen, and say
what would have been right. Trainings learn from that while requests go on:
`);
  const folder = join(root, 'growth');
  await mkdir(folder, { recursive: true });
  const models = places.s3 ?? join(folder, 'models');
  const objects = await openObjectStore(models);
  const [repository, store] = [new ModelRepository(objects), new TrainingStore(objects)];
  const { held, others } = split(images);
  try {
    await publishFirst(folder, held, repository, store);
    const config = resolveConfig(options(folder, models, places), {}, {});
    const server = await startServer(config, pino({ level: 'silent' }), { inContainer: false });
    // An embedded database is one process's alone: there the server trains, in processes of its own.
    const worker = places.postgres === undefined ? undefined : await startWorker(folder, models, places.postgres);
    try {
      const users = new Users(server.http, others).start();
      const versions = await grow(repository, store, users, server).finally(() => users.stop());
      return report(await accuraciesOf(repository, versions), versions, users, say);
    } finally {
      await worker?.();
      await server.close();
    }
  } finally {
    objects.close();
  }
}

function options(folder: string, models: string, { postgres, redis }: GrowthPlaces): Record<string, unknown> {
  return {
    models,
    httpPort: 0,
    adminPort: 0,
    grpcPort: 'off',
    pollSeconds: 0.5,
    cacheDir: join(folder, 'cache'),
    feedbackDir: join(folder, 'feedback'),
    sql: postgres ?? join(folder, 'sql'),
    allInOne: postgres === undefined,
    labelsPerMinute: 1e6,
    verifyEvery: 0,
    ...(redis === undefined ? {} : { cacheRedis: redis, cacheNamespace: `demo-${process.pid}` }),
  };
}

/** Digits that are held out, and the others, in no order. */
export function split({ n, width, pixels, labels }: Holdout): { held: Examples; others: Examples } {
  const x: Tensor = {
    dtype: 'float32',
    shape: [n, width, width, 1],
    data: Float32Array.from(pixels, (one) => one / 255),
  };
  const pick = (rows: readonly number[]): Examples => ({
    inputs: new Map([['x', takeRows(x, rows)]]),
    labels: Int32Array.from(rows, (row) => Number(labels[row])),
    holdout: new Uint8Array(rows.length).fill(1),
    feedback: new Uint8Array(rows.length),
  });
  const all = [...new Array(n).keys()];
  const rest = all.filter((row) => row % HELD_OUT !== HELD_OUT - 1);
  return {
    held: pick(all.filter((row) => row % HELD_OUT === HELD_OUT - 1)),
    others: pick(rest.map((_, at) => rest[(at * STRIDE) % rest.length] as number)),
  };
}

/** Brings the set and the first version to a repository, measured by what is held out. */
export async function publishFirst(
  folder: string,
  held: Examples,
  repository: ModelRepository,
  store: TrainingStore,
): Promise<void> {
  const set = join(folder, 'set');
  const manifest = await writeDataset(set, 'digits', held);
  await store.keepDataset(set, manifest.digest);
  await store.nameDataset(PLAN.dataset, manifest.digest);
  const version = await freezeUndertrained(join(folder, 'frozen'));
  await storeEvaluation(version, await evaluate(version, { manifest, examples: held }));
  const published = await repository.publish(MODEL, version, { by: 'demo' });
  await repository.promote(MODEL, published, { by: 'demo' });
}

/** A process of its own, as on a machine of its own. Gives what ends it. */
async function startWorker(folder: string, models: string, postgres: string): Promise<() => Promise<void>> {
  const floe = fileURLToPath(new URL('../main.js', import.meta.url));
  const args = [
    'worker',
    '--models',
    models,
    '--sql',
    postgres,
    '--cache-dir',
    join(folder, 'worker'),
    '--log-level',
    'warn',
  ];
  const worker = spawn(process.execPath, [floe, ...args, '--feedback-dir', join(folder, 'feedback')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(worker, 'exit');
  return async () => {
    worker.kill('SIGTERM');
    await ended;
  };
}

/** Two trainings, the second from many more labels. Gives the versions that were stable, one after the other. */
async function grow(
  repository: ModelRepository,
  store: TrainingStore,
  users: Users,
  server: RunningServer,
): Promise<readonly number[]> {
  const versions = [(await repository.channels(MODEL)).stable ?? 0];
  let known = 0;
  for (const labels of LABELS) {
    known += labels;
    users.meet(known);
    await store.keepPlan(MODEL, parsePlan({ ...PLAN, after: { labels } }, 'demo'));
    versions.push(await nextStable(repository, versions.at(-1) as number));
    await server.reload();
    await users.askedAgain();
  }
  return versions;
}

/** Resolves when another version than `before` is stable. */
export async function nextStable(repository: ModelRepository, before: number): Promise<number> {
  const until = performance.now() + LONGEST_MS;
  while (performance.now() < until) {
    const { stable } = await repository.channels(MODEL);
    if (stable !== undefined && stable !== before) return stable;
    await delay(200);
  }
  throw new FloeError(
    'DEADLINE_EXCEEDED',
    `no better version of ${MODEL} took over within ${LONGEST_MS / 1000} seconds`,
  );
}

/** As their manifests state them. */
export async function accuraciesOf(
  repository: ModelRepository,
  versions: readonly number[],
): Promise<readonly number[]> {
  const manifests = await Promise.all(versions.map((version) => repository.manifest(MODEL, version)));
  return manifests.map(({ accuracy }) => accuracy?.value ?? 0);
}

function report(accuracy: readonly number[], versions: readonly number[], users: Users, say: Say): Growth {
  const { answered, failed, hits, ended, corrected, firstCachedBy } = users.counts();
  const openedBy = versions.indexOf(firstCachedBy ?? -1);
  const rows = versions.map((version, at) => [
    `  ${version}`,
    `${(100 * (accuracy[at] ?? 0)).toFixed(2)} %`,
    openedBy === at ? 'opens the cache' : '',
  ]);
  say(table([['  version', 'accuracy', ''], ...rows]));
  say(`
${answered} requests were answered and ${failed} failed meanwhile; ${corrected} were corrected. ${hits} answers came from the
cache, and ${ended} ended since the model had reached the accuracy that they were good for.`);
  return {
    accuracy,
    versions,
    cache_opened_at: accuracy[openedBy] ?? null,
    cache_entries_ended: ended,
    cache_hits: hits,
    answered,
    failed_requests: failed,
  };
}

/** What answers requests: engine, queue, caches, input stage and models of a server, wired from one configuration. */
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Tensor } from '@floe/graph/base';
import type { Logger } from 'pino';
import { Builder } from '../build/builder.ts';
import { AccuracyBook } from '../cache/accuracy-book.ts';
import { ByteCache } from '../cache/byte-cache.ts';
import type { CachePolicy } from '../cache/gate.ts';
import { OutputCache } from '../cache/output-cache.ts';
import type { Rerun } from '../cache/reruns.ts';
import { GuardedStore, type SecondLevel } from '../cache/second-level.ts';
import type { VerifyPolicy } from '../cache/verification.ts';
import { bodyLimitBytes, type LIVE_OPTIONS, mebibytes, type ServeConfig } from '../core/config.ts';
import type { VersionStatus } from '../core/inference.ts';
import { memoryLimitBytes } from '../core/machine.ts';
import { type MemoryShares, memoryShares } from '../core/memory-shares.ts';
import { IDLE_PRIORITY, plainTerms } from '../core/terms.ts';
import { Calibrator } from '../cost/calibrate.ts';
import { capacityOf, readCpus } from '../engine/capacity.ts';
import { openEngine } from '../engine/index.ts';
import { type Infer, inference } from '../infer.ts';
import { FETCH_DEFAULTS, Fetcher } from '../input/fetch.ts';
import { type InputStage, inputStage } from '../input/stage.ts';
import { Scheduler } from '../queue/scheduler.ts';
import type { ListedSource } from '../registry/listed-source.ts';
import type { FoundVersion } from '../registry/scan.ts';
import type { Selection } from '../registry/selection.ts';
import type { ModelSource } from '../registry/source.ts';
import { calibrationOf } from '../servable/calibration.ts';
import { type LoadedServable, loadVersion, type ServableDeps } from '../servable/loaded.ts';
import { ServedModels } from '../servable/models.ts';
import { frozenFolder } from '../servable/plain.ts';
import { warmUp } from '../servable/warm-up.ts';
import type { Observed } from '../transport/http/observed.ts';
import { cacheFolder, openCosts, runThreads } from './costs.ts';
import { FeedbackDesk, NOTHING_KEPT } from './feedback.ts';

/** What has to be closed again, last opened first. */
export type Closing = (() => Promise<unknown> | unknown)[];

/** Where a server runs. */
export interface Place {
  /** Whether that is a container, whose files end with it; absent: found out. */
  readonly inContainer?: boolean;
  /** Models that are listed one by one, instead of a folder or bucket of them. */
  readonly listed?: { readonly source: ListedSource; readonly selection: Selection };
  /** Where metrics are, beside `/metrics`. */
  readonly metricsPath?: string;
  /** KServe runs it: it answers what KServe asks its servers beside the two protocols. */
  readonly kserve?: boolean;
}

export interface Serving {
  readonly models: ServedModels;
  readonly infer: Infer;
  /** Absent where no feedback is kept; not open yet. */
  readonly feedback?: FeedbackDesk;
  readonly observed: Observed;
  readonly setAccuracy: (model: string, version: number, accuracy: number | undefined) => void;
  /** A version is there no more: nor are its answers, and what was known of it. */
  readonly forget: (model: string, version: number) => void;
  /** Takes the live options over. */
  readonly adapt: (config: Live) => void;
}

const SAVE_COSTS_SECONDS = 60;
/** Nothing to do for so long: time to measure. */
const IDLE_SECONDS = 1;
/** While one is brought from a bucket, another is opened. */
const LEAST_LOADS = 2;

export async function openServing(
  config: ServeConfig,
  { source, ...place }: Place & { readonly source: ModelSource },
  log: Logger,
  closing: Closing,
): Promise<Serving> {
  const capacity = capacityOf(readCpus());
  const slots = Math.min(config.slots || capacity.slots, 2 * capacity.slots);
  // One more for the express lane, which takes a short run while long ones hold every slot.
  const engine = await openEngine({ kind: config.engine, slots: slots + 1, log: (message) => log.warn(message) });
  closing.push(() => engine.close());
  const builder = new Builder();
  closing.push(() => builder.close());
  const memory = memoryShares(config, memoryLimitBytes());
  const scheduler = new Scheduler({ slots, queueBytes: memory.queue, ...orderOf(config) });
  const accuracy = new AccuracyBook();
  const cacheDir = cacheFolder(config);
  const costs = (await openCosts(config, (message) => log.warn(message))).saveEvery(SAVE_COSTS_SECONDS);
  closing.push(() => costs.close());
  const calibrator = calibratorOf(scheduler);
  const chunkSeconds = config.latencyTargetMs / 1000;
  const deps: ServableDeps = {
    engine,
    builder,
    costs,
    session: { intraOpThreads: runThreads(config), gather: true },
    cacheFolder: join(cacheDir, 'compiled'),
    execute: (work, terms) => scheduler.run(work, terms),
    onOpen: (opened) => {
      const calibration = calibrationOf(opened, chunkSeconds);
      if (calibration !== undefined) calibrator.add(calibration);
    },
  };
  const models: ServedModels = new ServedModels({
    load: async (found) => {
      const servable = await loadFound(found, source, cacheDir, deps, log);
      accuracy.fromManifest(found.model, found.version, servable.accuracy);
      return servable;
    },
    memory: () => ({ limitBytes: memory.limit, usedBytes: process.memoryUsage.rss() }),
    loads: Math.max(LEAST_LOADS, slots),
    swap: config.swap,
    onChange: (model, status) => logChange(log, model, status),
    onDefault: (model, version) => cache.serves(model, version),
    onGone: (model) => {
      cache.remove(model);
      accuracy.forget(model);
    },
  });
  closing.push(() => models.close());
  // Sessions close behind it: a measurement must not run on one that is gone.
  closing.push(() => calibrator.close());
  closing.push(() => scheduler.close());
  const inputs = new ByteCache<Tensor>(memory.inputCache);
  const fetcher = fetcherOf(config, memory);
  if (fetcher !== undefined) closing.push(() => fetcher.close());
  const input = inputOf(config, scheduler, inputs, fetcher);
  const second = await secondLevel(config, log);
  const cache = outputCache(config, memory, accuracy, rerunBy(models, input), second);
  closing.push(() => cache.close());
  const onLive: AccuracyBook['live'] = (model, version, figure) => accuracy.live(model, version, figure);
  const feedback =
    config.sql === '' ? undefined : new FeedbackDesk({ config, log, onLive, models: () => models.names(), ...place });
  if (feedback !== undefined) closing.push(() => feedback.close());
  const kept = feedback === undefined ? {} : { feedback };
  return {
    ...kept,
    models,
    infer: inference({ models, input, cache, trial: (model) => models.trial(model), ...kept }),
    observed: {
      scheduler: () => scheduler.snapshot(),
      load: () => scheduler.load(),
      outputs: () => cache.stats(),
      inputs: () => inputs.stats(),
      images: () => input.stats(),
      feedback: () => feedback?.stats() ?? NOTHING_KEPT,
      verified: () => models.names().map((model) => ({ model, ...cache.verification.stats(model) })),
    },
    setAccuracy: (model, version, value) => accuracy.state(model, version, value),
    forget: (model, version) => {
      accuracy.forget(model, version);
      cache.purge(model, version);
    },
    adapt: (now) => {
      scheduler.adapt(orderOf(now));
      cache.adapt(policyOf(now), verifyOf(now));
    },
  };
}

type Live = Pick<ServeConfig, (typeof LIVE_OPTIONS)[number]>;

function orderOf({ policy, latencyTargetMs, queueSeconds, batchDelayMs }: Live) {
  return { policy, queueSeconds, chunkSeconds: latencyTargetMs / 1000, delaySeconds: batchDelayMs / 1000 };
}

function policyOf({
  cacheOpen: open,
  cacheEnd: end,
  cacheMilestones: milestones,
  cacheStopAt: stopAt,
}: Live): CachePolicy {
  return { open, end, milestones, stopAt };
}

function verifyOf({ verifyEvery: every, verifyBound: bound }: Live): VerifyPolicy {
  return { every, bound };
}

function calibratorOf(scheduler: Scheduler): Calibrator {
  return new Calibrator({
    idle: () => scheduler.idleSeconds() >= IDLE_SECONDS,
    wait: (signal) => delay(IDLE_SECONDS * 1000, undefined, { signal, ref: false }).catch(() => {}),
    now: () => performance.now(),
  });
}

/** Connects in the background: a start never waits for it. */
async function secondLevel(config: ServeConfig, log: Logger): Promise<SecondLevel | undefined> {
  if (config.cacheRedis === '') return undefined;
  const { openRedis } = await import('../cache/redis.ts');
  const { cacheRedis: url, cacheNamespace: namespace } = config;
  return new GuardedStore(await openRedis({ url, namespace, log: (level, message) => log[level](message) }));
}

function outputCache(
  config: ServeConfig,
  { outputCache: limitBytes }: MemoryShares,
  accuracy: AccuracyBook,
  rerun: Rerun,
  second?: SecondLevel,
): OutputCache {
  return new OutputCache({
    policy: policyOf(config),
    verify: verifyOf(config),
    limitBytes,
    accuracy,
    rerun,
    ...(second === undefined ? {} : { second }),
  });
}

/** Computes an answer again when nothing else waits, on a CPU that has nothing else to do. */
function rerunBy(models: ServedModels, input: InputStage): Rerun {
  return (name, version, call) =>
    models.use({ name, version }, async (servable) => {
      const terms = { ...plainTerms(new AbortController().signal), priority: IDLE_PRIORITY };
      const known = await input.identify(call, servable, terms);
      return servable.run({ ...known, inputs: await input.prepare(known, terms) }, terms);
    });
}

/** As float32, an image of bytes takes four times the room that the same tensor of bytes takes in a body. */
const TENSOR_BYTES_PER_BODY_BYTE = 4;

function inputOf(
  config: ServeConfig,
  scheduler: Scheduler,
  cache: ByteCache<Tensor>,
  fetcher: Fetcher | undefined,
): InputStage {
  const limits = {
    maxPixels: config.maxPixels,
    maxTensorBytes: TENSOR_BYTES_PER_BODY_BYTE * bodyLimitBytes(config),
    maxFetchedBytes: bodyLimitBytes(config),
    decodes: capacityOf(readCpus()).slots,
  };
  return inputStage(limits, {
    cache,
    schedule: (seconds, terms, work) => scheduler.stage(seconds, 'images', terms, work),
    ...(fetcher === undefined ? {} : { fetcher }),
  });
}

function fetcherOf(config: ServeConfig, { fetchCache: cacheBytes }: MemoryShares): Fetcher | undefined {
  if (config.fetchHosts.length === 0) return undefined;
  return new Fetcher({
    ...FETCH_DEFAULTS,
    hosts: config.fetchHosts,
    networks: config.fetchNetworks,
    maxBytes: mebibytes(config.fetchMaxMb),
    totalSeconds: config.fetchSeconds,
    cacheBytes,
  });
}

async function loadFound(
  found: FoundVersion,
  source: ModelSource,
  cacheDir: string,
  deps: ServableDeps,
  log: Logger,
): Promise<LoadedServable> {
  const { model, version } = found;
  const began = performance.now();
  const { folder: here, graph } = await source.bring(found);
  const there = performance.now();
  const folder = await frozenFolder({ ...found, folder: here }, deps.builder, cacheDir);
  const frozen = performance.now();
  const servable = await loadVersion(folder, { model, version }, deps, graph);
  const ms = (from: number, to: number): number => Math.round(to - from);
  const opened = performance.now();
  const warmed = await warmedUp(servable, here);
  const phases = { bringMs: ms(began, there), freezeMs: ms(there, frozen), openMs: ms(frozen, opened) };
  const warmUp = warmed === 0 ? {} : { warmUpRequests: warmed, warmUpMs: ms(opened, performance.now()) };
  log.info({ model, version, ...phases, ...warmUp }, 'loaded');
  return servable;
}

/** A version that its own warm-up requests do not get through does not serve. */
async function warmedUp(servable: LoadedServable, folder: string): Promise<number> {
  try {
    return await warmUp(servable, folder);
  } catch (error) {
    await servable.close();
    throw error;
  }
}

function logChange(log: Logger, model: string, { version, state, errorCode, errorMessage }: VersionStatus): void {
  if (errorCode === 'OK') log.info({ model, version, state }, 'version');
  else log.error({ model, version, state, errorCode, errorMessage }, 'version failed');
}

/**
 * A training as a durable job: snapshot of what there is to learn from, trainer, checks and measurements, publication, trial. Each step that is
 * done is kept, so that a job whose worker died goes on from there elsewhere, with the same data.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FloeError } from '@floe/graph/base';
import { z } from 'zod';
import { type Check, decidePromotion, PROMOTION } from '../core/promotion.ts';
import type { TrainContext } from '../core/trainer.ts';
import type { LabelledExample } from '../feedback/examples.ts';
import type { JobContext, JobHandler, Json } from '../jobs/job.ts';
import type { ModelRepository } from '../registry/repository.ts';
import { writeDataset } from './dataset.ts';
import { scoreOf } from './evaluate/evaluate.ts';
import type { Finished } from './finish.ts';
import { snapshot } from './snapshot.ts';
import { runFinish, runTrainer, type TrainerProgram, type TrainingRun } from './trainers.ts';
import { dropFolder, type TrainingStore } from './training-store.ts';

export const TRAIN = 'train';

/** What a job says. */
export const TrainPayload = z.object({
  model: z.string(),
  trainer: z.string(),
  parameters: z.record(z.string(), z.json()),
  dataset: z.string().optional(),
  rollout: z.union([z.literal(false), z.array(z.number())]),
  tolerance: z.number().optional(),
  /** Why it was asked for. */
  why: z.string(),
  /** Labelled requests when it was. */
  labelled: z.int(),
});
export type TrainPayload = z.infer<typeof TrainPayload>;

/** What is kept of an attempt, for the next one. */
const Kept = z.object({
  base: z.int(),
  dataset: z.string(),
  /** Name of the trainer's checkpoint. */
  state: z.string().nullable(),
});
type Kept = z.infer<typeof Kept>;

export interface TrainingDeps {
  readonly repository: ModelRepository;
  readonly store: TrainingStore;
  /** Labelled interactions of a model. */
  readonly examples: (model: string) => AsyncIterable<LabelledExample>;
  readonly programs: ReadonlyMap<string, TrainerProgram>;
  /** Gets a folder for each attempt, which goes with it. */
  readonly workFolder: string;
  /** What the device is to a program. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Share of the progress that the trainer has. */
const TRAINER = 0.9;
/** Carrying a checkpoint away costs more than the work that it saves where it is done all the time. */
const KEEP_EVERY_MS = 10_000;

/** Throws what is not mended by trying again as INVALID_ARGUMENT and FAILED_PRECONDITION. */
export function trainJob(deps: TrainingDeps): JobHandler {
  return async (context) => {
    const { id, attempt, payload } = context.job;
    const folder = join(deps.workFolder, `${id}-${attempt}`);
    await mkdir(folder, { recursive: true });
    try {
      const result = await new Training(deps, context, TrainPayload.parse(payload), folder).run();
      await deps.store.dropCheckpoints(id);
      return result;
    } finally {
      await dropFolder(folder);
    }
  };
}

class Training {
  private readonly deps: TrainingDeps;
  private readonly context: JobContext;
  private readonly payload: TrainPayload;
  private readonly folder: string;
  private kept: Kept | undefined;
  private keptAt = Number.NEGATIVE_INFINITY;

  constructor(deps: TrainingDeps, context: JobContext, payload: TrainPayload, folder: string) {
    this.deps = deps;
    this.context = context;
    this.payload = payload;
    this.folder = folder;
    this.kept = Kept.safeParse(context.job.checkpoint).data;
  }

  async run(): Promise<Json> {
    const { repository } = this.deps;
    const { model } = this.payload;
    const { base, dataset } = this.kept ?? (await this.begin());
    const request = {
      base: await repository.bring(model, base, join(this.folder, 'base')),
      dataset: join(this.folder, 'dataset'),
      output: join(this.folder, 'output'),
      checkpoint: join(this.folder, 'checkpoint'),
      version: base + 1,
      parameters: this.payload.parameters,
    };
    await this.deps.store.bringDataset(dataset, request.dataset);
    for (const made of [request.output, request.checkpoint]) await mkdir(made, { recursive: true });
    if (typeof this.kept?.state === 'string') {
      this.context.log(`goes on from checkpoint ${this.kept.state}`);
      await this.deps.store.bringCheckpoint(this.context.job.id, this.kept.state, request.checkpoint);
    }
    const run: TrainingRun = { ...this.payload, ...this.deps, folder: this.folder };
    const trained = await runTrainer(run, request, this.trainContext(TRAINER));
    const stable = (await repository.channels(model)).stable ?? base;
    const finishing = {
      ...request,
      trainer: this.payload.trainer,
      trained,
      // Somebody may have made another one stable since this began.
      stable: stable === base ? request.base : await repository.bring(model, stable, join(this.folder, 'stable')),
    };
    const finished = await runFinish(run, finishing, this.trainContext(0));
    return this.release(finished as unknown as Finished, { base, stable, dataset });
  }

  /** Decides what is learned from, and from which version on; a job that is begun again does not decide anew. */
  private async begin(): Promise<Kept> {
    const { repository, store } = this.deps;
    const { model, dataset: name } = this.payload;
    const [{ stable }, versions] = [await repository.channels(model), await repository.versions(model)];
    const base = stable ?? versions.at(-1);
    if (base === undefined)
      throw new FloeError('NOT_FOUND', `${model} has no published version to go on from`, { field: 'model' });
    const original =
      name === undefined
        ? undefined
        : await store.bringDataset(await store.datasetNamed(name), join(this.folder, 'original'));
    const manifest = await repository.manifest(model, base);
    const found = await snapshot(manifest, original?.examples, this.deps.examples(model), this.context.signal);
    for (const [reason, times] of found.left) this.context.log(`${times} labelled requests are left out: ${reason}`);
    const folder = join(this.folder, 'snapshot');
    const { digest, n, fromUsers, holdout } = await writeDataset(folder, name ?? model, found.examples);
    this.context.log(
      `version ${base} learns from ${n - holdout.n} examples, ${fromUsers} from users; ${holdout.n} are held out`,
    );
    await store.keepDataset(folder, digest);
    return this.keep({ base, dataset: digest, state: null });
  }

  private async keep(kept: Kept): Promise<Kept> {
    await this.context.checkpoint(kept);
    this.kept = kept;
    return kept;
  }

  private trainContext(share: number): TrainContext {
    const { context } = this;
    let last = 0;
    return {
      signal: context.signal,
      progress: (done) => {
        // It never goes back, whatever a trainer says.
        last = Math.max(last, done);
        if (share > 0) context.progress(last * share);
      },
      log: (text) => context.log(text),
      metric: (values) => context.metric(values),
      checkpointed: () => this.keepState(),
    };
  }

  private async keepState(): Promise<void> {
    const { store } = this.deps;
    const { id, attempt } = this.context.job;
    const before = this.kept;
    const now = performance.now();
    if (before === undefined || now - this.keptAt < KEEP_EVERY_MS) return;
    this.keptAt = now;
    const count = Number(before.state?.split('-')[1] ?? 0) + 1;
    const state = `${attempt}-${count}`;
    await store.keepCheckpoint(id, state, join(this.folder, 'checkpoint'));
    await this.keep({ ...before, state });
    await store.dropCheckpoints(id, state);
  }

  private async release(
    { folder, evaluation, before, drift }: Finished,
    { base, stable, dataset }: { readonly base: number; readonly stable: number; readonly dataset: string },
  ): Promise<Json> {
    const { repository } = this.deps;
    const { model, rollout } = this.payload;
    const actor = { by: `job ${this.context.job.id}`, why: this.payload.why };
    // Without a stable version the newest serves, and that would be this one at once.
    await repository.changeChannels(model, (now) => (now.stable === undefined ? { ...now, stable } : undefined), actor);
    this.context.signal.throwIfAborted();
    const version = (await repository.publishedBy(model, actor.by)) ?? (await repository.publish(model, folder, actor));
    const checks = this.judge({ evaluation, before, drift } as Finished);
    const isBetter = checks.every(({ state }) => state === 'passed');
    for (const { check, state, reason } of checks) this.context.log(`${check}: ${state}: ${reason}`);
    if (isBetter && rollout !== false) await this.startTrial(version, stable, rollout, checks);
    this.context.progress(1);
    const [score, scoreBefore] = [scoreOf(evaluation), scoreOf(before)];
    return {
      version,
      base,
      stable,
      dataset,
      isBetter,
      score: score as never,
      before: scoreBefore as never,
      drift: { ...drift },
      checks: checks as never,
    };
  }

  private judge({ evaluation, before, drift }: Finished): readonly Check[] {
    const { tolerance = PROMOTION.tolerance } = this.payload;
    const [candidate, stable] = [scoreOf(evaluation), scoreOf(before)];
    const facts = {
      hasStable: true,
      drift,
      ...(candidate === undefined ? {} : { candidate }),
      ...(stable === undefined ? {} : { stable }),
    };
    return decidePromotion(facts, { ...PROMOTION, tolerance }).checks.filter(({ check }) => check !== 'canary');
  }

  /** A trial that is under way yields to a newer version's; one that a person began does not. What was compared with has to be stable still. */
  private async startTrial(
    version: number,
    stable: number,
    steps: readonly number[],
    checks: readonly Check[],
  ): Promise<void> {
    const { model } = this.payload;
    const why = checks.map(({ reason }) => reason).join('; ');
    await this.deps.repository.changeChannels(
      model,
      (now) => {
        const isFree = now.canary === undefined || (now.canary.steps !== undefined && now.canary.version < version);
        return isFree && now.stable === stable
          ? { ...now, canary: { version, percent: steps[0] as number, steps } }
          : undefined;
      },
      { by: `job ${this.context.job.id}`, why },
    );
  }
}

/** Asks for trainings when a model's plan says so: after so many new labels, or so many hours. */
import { setTimeout as delay } from 'node:timers/promises';
import { asFloeError } from '@floe/graph/base';
import type { Job, JobQueue } from '../jobs/job.ts';
import { dueTraining, type TrainingPlan } from './plan.ts';
import { TRAIN, type TrainPayload } from './train-job.ts';
import type { TrainingStore } from './training-store.ts';

export interface TriggerDeps {
  readonly store: TrainingStore;
  readonly queue: Pick<JobQueue, 'submit' | 'list'>;
  /** Labelled interactions of a model. */
  readonly labelled: (model: string) => Promise<number>;
  readonly log: (message: string) => void;
  readonly now?: () => Date;
}

const MOST_JOBS = 1000;
const HOUR_MS = 3600_000;

export class Triggers {
  private readonly deps: TriggerDeps;
  private readonly stopped = new AbortController();
  private done: Promise<void> = Promise.resolve();

  constructor(deps: TriggerDeps) {
    this.deps = deps;
  }

  /** Looks at intervals until `stop`. */
  start(seconds: number): this {
    this.done = this.loop(seconds * 1000);
    return this;
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.done;
  }

  /** Gives the jobs that it asked for. */
  async look(): Promise<readonly Job[]> {
    const jobs: Job[] = [];
    for (const model of await this.deps.store.planned()) {
      const plan = await this.deps.store.plan(model);
      const job = plan === undefined ? undefined : await this.lookAt(model, plan);
      if (job !== undefined) jobs.push(job);
    }
    return jobs;
  }

  private async lookAt(model: string, plan: TrainingPlan): Promise<Job | undefined> {
    if (plan.after.labels === undefined && plan.after.hours === undefined) return undefined;
    const last = (await this.deps.queue.list({ kind: TRAIN, limit: MOST_JOBS })).find(
      (job) => payloadOf(job).model === model,
    );
    if (last?.state === 'queued' || last?.state === 'running') return undefined;
    const now = (this.deps.now?.() ?? new Date()).getTime();
    const labelled = await this.deps.labelled(model);
    const why = dueTraining(plan, {
      labelled,
      labelledThen: last === undefined ? 0 : (payloadOf(last).labelled ?? 0),
      hoursSince: last === undefined ? Number.POSITIVE_INFINITY : (now - last.createdAt.getTime()) / HOUR_MS,
    });
    return why === undefined
      ? undefined
      : askForTraining(this.deps.queue, model, plan, { labelled, why, by: 'trigger' });
  }

  private async loop(milliseconds: number): Promise<void> {
    const { signal } = this.stopped;
    while (!signal.aborted) {
      await this.look().catch((error: unknown) => this.deps.log(`triggers: ${asFloeError(error).message}`));
      await delay(milliseconds, undefined, { signal }).catch(() => {});
    }
  }
}

function payloadOf({ payload }: Job): Partial<TrainPayload> {
  return payload as Partial<TrainPayload>;
}

export interface Asking {
  readonly labelled: number;
  readonly why: string;
  readonly by: string;
}

/** Submits the training of a plan; while one of that model is unfinished, gives that one. */
export async function askForTraining(
  queue: Pick<JobQueue, 'submit'>,
  model: string,
  { trainer, parameters, dataset, rollout, tolerance, costSeconds }: TrainingPlan,
  { labelled, why, by }: Asking,
): Promise<Job> {
  const payload: TrainPayload = {
    model,
    trainer,
    parameters,
    rollout,
    labelled,
    why,
    ...(dataset === undefined ? {} : { dataset }),
    ...(tolerance === undefined ? {} : { tolerance }),
  };
  return queue.submit(TRAIN, payload as never, { cost: costSeconds, caller: by, singletonKey: model });
}

/** Trainings of a server or a worker: the queue of jobs, what asks for them, and, where this process trains, who runs them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FloeError } from '@floe/graph/base';
import type { Logger } from 'pino';
import type { ServeConfig } from '../core/config.ts';
import type { Feedback } from '../feedback/feedback.ts';
import type { Job, JobQueue } from '../jobs/job.ts';
import { openJobs } from '../jobs/queue.ts';
import { ModelRepository } from '../registry/repository.ts';
import type { Sql } from '../sql/sql.ts';
import type { ObjectStore } from '../store/objects/object-store.ts';
import { openObjectStore } from '../store/objects/open.ts';
import { unreadable } from '../store/unreadable.ts';
import { trainingDevices } from '../train/devices.ts';
import { EVALUATE, evaluateJob } from '../train/evaluate-job.ts';
import { parsePlan } from '../train/plan.ts';
import { TRAIN, trainJob } from '../train/train-job.ts';
import { parseTrainers, type TrainerProgram } from '../train/trainers.ts';
import { TrainingStore } from '../train/training-store.ts';
import { askForTraining, Triggers } from '../train/triggers.ts';
import type { Trainings } from '../transport/http/admin-jobs.ts';
import { cacheFolder } from './costs.ts';

export interface TrainingOptions {
  readonly config: ServeConfig;
  readonly log: Logger;
  readonly sql: Sql;
  readonly feedback: Pick<Feedback, 'examples' | 'labelled'>;
}

/** Between looks at plans. */
const TRIGGER_SECONDS = 2;
/** What a measurement takes, about. */
const EVALUATION_SECONDS = 10;

export class TrainingDesk implements Trainings {
  readonly queue: JobQueue;
  private readonly options: TrainingOptions;
  private readonly objects: ObjectStore;
  private readonly store: TrainingStore;
  private triggers: Triggers | undefined;

  private constructor(options: TrainingOptions, queue: JobQueue, objects: ObjectStore) {
    this.options = options;
    this.queue = queue;
    this.objects = objects;
    this.store = new TrainingStore(objects);
  }

  /** Brings the tables up to date. The database stays its opener's to close, after this. */
  static async open(options: TrainingOptions): Promise<TrainingDesk> {
    const log = (message: string): void => options.log.warn({ jobs: message }, 'jobs');
    const queue = await openJobs(options.sql, { log });
    return new TrainingDesk(options, queue, await openObjectStore(options.config.models));
  }

  /** Asks for a training by the model's plan, with what `wish` says otherwise. Throws INVALID_ARGUMENT naming the field, NOT_FOUND. */
  async ask(model: string, wish: Readonly<Record<string, unknown>>, by: string): Promise<Job> {
    const plan = parsePlan({ ...(await this.store.plan(model)), ...wish }, 'the request');
    if ((await new ModelRepository(this.objects).versions(model)).length === 0)
      throw new FloeError('NOT_FOUND', `${model} has no published version to go on from`, { field: 'model' });
    const labelled = await this.options.feedback.labelled(model);
    return askForTraining(this.queue, model, plan, { labelled, why: `asked for by ${by}`, by });
  }

  /** Asks for a measurement. Throws NOT_FOUND for a version or a set that is not there. */
  async measure(model: string, version: number, dataset: string, by: string): Promise<Job> {
    await this.store.datasetNamed(dataset);
    await new ModelRepository(this.objects).manifest(model, version);
    return this.queue.submit(EVALUATE, { model, version, dataset }, { cost: EVALUATION_SECONDS, caller: by });
  }

  /** Takes jobs for all devices of this machine, and asks for those that plans ask for. */
  async work(): Promise<readonly string[]> {
    const { config, log, feedback } = this.options;
    const programs = await readTrainers(config.trainers);
    const devices = await trainingDevices();
    for (const { id, environment } of devices) {
      const deps = {
        repository: new ModelRepository(this.objects),
        store: this.store,
        examples: (model: string) => feedback.examples(model),
        programs,
        workFolder: join(cacheFolder(config), 'work'),
        environment,
      };
      this.queue.work(id, { [TRAIN]: trainJob(deps), [EVALUATE]: evaluateJob(deps) });
    }
    this.triggers = new Triggers({
      store: this.store,
      queue: this.queue,
      labelled: (model) => feedback.labelled(model),
      log: (message) => log.warn(message),
    }).start(TRIGGER_SECONDS);
    return devices.map(({ id }) => id);
  }

  /** Interrupts what runs, which goes on elsewhere. */
  async close(): Promise<void> {
    await this.triggers?.stop();
    await this.queue.close();
    this.objects.close();
  }
}

async function readTrainers(file: string): Promise<ReadonlyMap<string, TrainerProgram>> {
  if (file === '') return new Map();
  const text = await readFile(file, 'utf8').catch(unreadable(file));
  const { parse } = await import('yaml');
  try {
    return parseTrainers(parse(text), file);
  } catch (cause) {
    if (cause instanceof FloeError) throw cause;
    throw new FloeError('INVALID_ARGUMENT', `${file} is not YAML: ${(cause as Error).message}`, { file }, cause);
  }
}

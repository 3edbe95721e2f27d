/** Measures a published version by the examples that a dataset holds out, as a durable job; what it finds is the job's result. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { JobHandler } from '../jobs/job.ts';
import type { TrainingDeps } from './train-job.ts';
import { runEvaluation } from './trainers.ts';
import { dropFolder } from './training-store.ts';

export const EVALUATE = 'evaluate';

export const EvaluatePayload = z.strictObject({
  model: z.string(),
  version: z.int().min(0),
  /** Name of a set. */
  dataset: z.string(),
});

export function evaluateJob({ repository, store, workFolder, environment }: TrainingDeps): JobHandler {
  return async ({ job, signal, log, progress, metric }) => {
    const { model, version, dataset } = EvaluatePayload.parse(job.payload);
    const folder = join(workFolder, `${job.id}-${job.attempt}`);
    await mkdir(folder, { recursive: true });
    try {
      const base = await repository.bring(model, version, join(folder, 'base'));
      await store.bringDataset(await store.datasetNamed(dataset), join(folder, 'dataset'));
      const context = { signal, log, progress, metric, checkpointed: async () => {} };
      return (await runEvaluation({ base, dataset: join(folder, 'dataset') }, folder, environment, context)) as never;
    } finally {
      await dropFolder(folder);
    }
  };
}

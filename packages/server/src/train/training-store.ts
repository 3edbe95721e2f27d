/**
 * What trainings share through the object store, beside the models: dataset snapshots by the digest of their content, the sets that models were
 * first trained on by name, checkpoints by job, and each model's plan. All of it below `.training/`, which no server looks into.
 */
import { readdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { FloeError, invalid } from '@floe/graph/base';
import { jsonBytes, jsonOf, type ObjectStore, type StoredObject } from '../store/objects/object-store.ts';
import { DATASET_FILE, type Dataset, EXAMPLES_FILE, readDataset } from './dataset.ts';
import { parsePlan, type TrainingPlan } from './plan.ts';

const ROOT = '.training';
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

export class TrainingStore {
  private readonly objects: ObjectStore;

  constructor(objects: ObjectStore) {
    this.objects = objects;
  }

  /** Keeps a dataset's folder under the digest of its content. */
  async keepDataset(folder: string, digest: string): Promise<void> {
    // The manifest last: what has one is whole.
    for (const file of [EXAMPLES_FILE, DATASET_FILE])
      await this.objects.upload(`${datasetKey(digest)}/${file}`, join(folder, file));
  }

  /** Throws NOT_FOUND, DATA_LOSS. */
  async bringDataset(digest: string, folder: string): Promise<Dataset> {
    for (const file of [EXAMPLES_FILE, DATASET_FILE]) {
      const isThere = await this.objects.download(`${datasetKey(digest)}/${file}`, join(folder, file));
      if (!isThere)
        throw new FloeError('NOT_FOUND', `dataset ${digest} is not in ${this.objects.url}`, { field: 'dataset' });
    }
    return readDataset(folder);
  }

  /** Gives a dataset a name, by which plans and jobs call it. Throws INVALID_ARGUMENT. */
  async nameDataset(name: string, digest: string): Promise<void> {
    await this.objects.put(nameKey(name), jsonBytes({ digest }));
  }

  /** The digest of the dataset of that name. Throws NOT_FOUND. */
  async datasetNamed(name: string): Promise<string> {
    const key = nameKey(name);
    const found = (await this.objects.get(key)) as StoredObject | undefined;
    const { digest } = (found === undefined ? {} : jsonOf(found, key)) as { digest?: unknown };
    if (typeof digest === 'string') return digest;
    throw new FloeError('NOT_FOUND', `there is no dataset ${name} in ${this.objects.url}`, { field: 'dataset' });
  }

  /** Keeps the state of a job's attempt and gives its name; those before are dropped once nobody goes on from them (`dropCheckpoints`). */
  async keepCheckpoint(job: string, name: string, folder: string): Promise<void> {
    for (const path of await filesBelow(folder)) {
      // What was written anew meanwhile is not part of what was whole.
      await this.objects.upload(`${ROOT}/checkpoints/${job}/${name}/${path}`, join(folder, path));
    }
  }

  async bringCheckpoint(job: string, name: string, folder: string): Promise<void> {
    const prefix = `${ROOT}/checkpoints/${job}/${name}/`;
    for await (const { key } of this.objects.list(prefix))
      await this.objects.download(key, join(folder, key.slice(prefix.length)));
  }

  /** All of a job, but the one of that name. */
  async dropCheckpoints(job: string, except?: string): Promise<void> {
    const prefix = `${ROOT}/checkpoints/${job}/`;
    for await (const { key } of this.objects.list(prefix))
      if (except === undefined || !key.startsWith(`${prefix}${except}/`)) await this.objects.delete(key);
  }

  /** Undefined where the model has none. Throws DATA_LOSS. */
  async plan(model: string): Promise<TrainingPlan | undefined> {
    const key = planKey(model);
    const found = (await this.objects.get(key)) as StoredObject | undefined;
    return found === undefined ? undefined : parsePlan(jsonOf(found, key), key, 'DATA_LOSS');
  }

  async keepPlan(model: string, plan: TrainingPlan): Promise<void> {
    await this.objects.put(planKey(model), jsonBytes(plan));
  }

  /** Models that have a plan. */
  async planned(): Promise<readonly string[]> {
    const prefix = `${ROOT}/plans/`;
    const models: string[] = [];
    for await (const { key } of this.objects.list(prefix)) models.push(key.slice(prefix.length).replace(/\.json$/, ''));
    return models;
  }

  async dropPlan(model: string): Promise<void> {
    await this.objects.delete(planKey(model));
  }
}

function datasetKey(digest: string): string {
  return `${ROOT}/datasets/${digest}`;
}

function nameKey(name: string): string {
  return `${ROOT}/sets/${checked(name)}.json`;
}

function planKey(model: string): string {
  return `${ROOT}/plans/${checked(model)}.json`;
}

function checked(name: string): string {
  if (NAME.test(name)) return name;
  throw invalid(`${JSON.stringify(name)} is no name: use letters, digits, . _ -`, { field: 'name' });
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.'));
  return files.map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

/** A folder that a run has used up. */
export function dropFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true });
}

/** The worker thread of `Builder`: does one job and answers once. */
import { parentPort, workerData } from 'node:worker_threads';
import { analyse, asFloeError, type Graph, readFrozenGraph, type TensorSpec, tensorName } from '@floe/graph';
import { readVersionFile } from '../store/version-folder.ts';
import type { InspectJob, Job, JobReply } from './builder.ts';
import { makeArtefact } from './compile-artefact.ts';
import { freezeVersion } from './freeze-version.ts';

async function work(job: Job): Promise<unknown> {
  switch (job.kind) {
    case 'freeze':
      return freezeVersion(job.request);
    case 'compile':
      await makeArtefact(job.into, job.key, await graphAt(job.frozen));
      return undefined;
    case 'types':
      return typesOf(job);
  }
}

async function graphAt(path: string): Promise<Graph> {
  return readFrozenGraph(await readVersionFile(path), path);
}

async function typesOf(job: InspectJob): Promise<readonly TensorSpec[]> {
  const feeds = new Map(job.feeds.map((feed) => [tensorName(feed.name), feed]));
  const analysis = analyse(await graphAt(job.frozen), feeds);
  return job.tensors.map((name) => ({ name, ...analysis.type(name) }));
}

async function answer(): Promise<JobReply> {
  try {
    return { ok: true, value: await work(workerData as Job) };
  } catch (thrown) {
    const { code, message, details } = asFloeError(thrown);
    return { ok: false, code, message, details };
  }
}

parentPort?.postMessage(await answer());

/** A worker process to be killed: `node worker.ts URL DEVICE`. Its jobs take steps, and keep each as a checkpoint. */
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobContext, Json } from '../../packages/server/src/jobs/job.ts';
import { openJobs } from '../../packages/server/src/jobs/queue.ts';
import { openSql } from '../../packages/server/src/sql/open.ts';

export interface Steps {
  readonly steps: number;
  readonly ms: number;
}

async function walk({ job, signal, progress, log, checkpoint }: JobContext): Promise<Json> {
  const { steps, ms } = job.payload as unknown as Steps;
  const walked: number[] = [];
  for (let step = Number(job.checkpoint ?? 0); step < steps; step++) {
    await sleep(ms, undefined, { signal });
    walked.push(step);
    progress((step + 1) / steps);
    log(`step ${step} of attempt ${job.attempt}`);
    await checkpoint(step + 1);
  }
  return { from: Number(job.checkpoint ?? 0), walked };
}

const [url = '', device = ''] = process.argv.slice(2);
const sql = await openSql(url);
const queue = await openJobs(sql, { leaseSeconds: 2, pollSeconds: 0.2 });
queue.work(device, { walk });
console.log('working');

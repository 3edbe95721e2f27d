/** `floe train` and `floe jobs`. */
import type { Job } from '../jobs/job.ts';
import { type AdminOptions, adminOptions, askAdmin, eventsOf } from './admin-client.ts';
import { EXIT, print, printJson, table } from './output.ts';

type Options = Record<string, unknown>;
/** As it comes over the wire. */
type WireJob = Omit<Job, 'createdAt'> & { readonly createdAt: string };

export async function trainCommand(model: string, options: Options): Promise<number> {
  const { trainer, set: parameters, dataset, rollout } = options;
  const wish = { trainer, parameters, dataset, ...(rollout === false ? { rollout } : {}) };
  const admin = adminOptions(options);
  const path = `/admin/models/${encodeURIComponent(model)}/train`;
  const response = await askAdmin(admin, path, { method: 'POST', body: JSON.stringify(wish) });
  const job = (await response.json()) as WireJob;
  if (options['follow'] === true) return follow(admin, job.id, options['json'] === true);
  return said(job, options);
}

export async function listJobs(options: Options): Promise<number> {
  const query = new URLSearchParams({ limit: String(options['limit']) });
  if (options['state'] !== undefined) query.set('state', String(options['state']));
  const response = await askAdmin(adminOptions(options), `/admin/jobs?${query}`);
  const { jobs } = (await response.json()) as { jobs: readonly WireJob[] };
  if (options['json'] === true) printJson({ jobs });
  else if (jobs.length === 0) print('no jobs');
  else print(table([['id', 'kind', 'model', 'state', 'done', 'attempt', 'since', ''], ...jobs.map(rowOf)]));
  return EXIT.ok;
}

export async function jobCommand(
  name: 'show' | 'cancel' | 'retry' | 'follow',
  id: string,
  options: Options,
): Promise<number> {
  const admin = adminOptions(options);
  if (name === 'follow') return follow(admin, id, options['json'] === true);
  const path = `/admin/jobs/${encodeURIComponent(id)}${name === 'show' ? '' : `/${name}`}`;
  const response = await askAdmin(admin, path, { method: name === 'show' ? 'GET' : 'POST' });
  return said((await response.json()) as WireJob, options);
}

function said(job: WireJob, { json }: Options): number {
  if (json === true) printJson(job);
  else print(sayJob(job));
  return EXIT.ok;
}

function sayJob(job: WireJob): string {
  const reason = job.reason === null ? '' : `\n  ${job.reason}`;
  const result = job.result === null ? '' : `\n  ${JSON.stringify(job.result)}`;
  return `${rowOf(job).join('  ')}${reason}${result}`;
}

function rowOf({ id, kind, payload, state, progress, attempt, createdAt, reason }: WireJob): string[] {
  const { model } = payload as { model?: string };
  return [id, kind, model ?? '', state, `${Math.round(100 * progress)} %`, String(attempt), createdAt, reason ?? ''];
}

/** The exit code says whether the job succeeded. */
async function follow(admin: AdminOptions, id: string, json: boolean): Promise<number> {
  const response = await askAdmin(admin, `/admin/jobs/${encodeURIComponent(id)}/events`);
  for await (const { kind, data } of eventsOf(response)) {
    if (kind === 'end') {
      const job = data as WireJob;
      if (json) printJson(job);
      else print(sayJob(job));
      return job.state === 'succeeded' ? EXIT.ok : EXIT.failed;
    }
    if (!json) print(`${kind}  ${JSON.stringify((data as { data: unknown }).data)}`);
  }
  return EXIT.unavailable;
}

/**
 * Trainings over the admin API: asked for, looked at, cancelled, tried again, and followed as a stream of events.
 *
 *   POST /admin/models/digits/train                {"parameters": {"layers": 2}}: anything of a plan, to differ from the model's own
 *   GET  /admin/jobs?state=running&kind=train
 *   GET  /admin/jobs/{id}/events                   server-sent events, those that were and those to come, until the job is finished
 */
import { FloeError, invalid } from '@floe/graph/base';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Job, JobFilter, JobQueue } from '../../jobs/job.ts';
import { objectIn } from './admin-body.ts';

/** Throw UNAVAILABLE while the server starts. */
export interface Trainings {
  readonly queue: JobQueue;
  ask(model: string, wish: Readonly<Record<string, unknown>>, by: string): Promise<Job>;
  /** Asks for a measurement of a version by the set of that name. */
  measure(model: string, version: number, dataset: string, by: string): Promise<Job>;
}

interface JobsDeps {
  /** Absent where there is no database. */
  readonly trainings: Trainings | undefined;
  /** Name of who asks. */
  readonly caller: (request: FastifyRequest) => string;
}

const Filter = z.strictObject({
  state: z.enum(['queued', 'running', 'succeeded', 'dead', 'cancelled']).optional(),
  kind: z.string().optional(),
  caller: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
  before: z.string().optional(),
});

export function addJobs(app: FastifyInstance, deps: JobsDeps): void {
  const jobs = (): Trainings => {
    if (deps.trainings !== undefined) return deps.trainings;
    throw new FloeError('UNIMPLEMENTED', 'this server has no database of jobs: start it with --sql', { field: 'sql' });
  };
  app.post('/admin/models/:model/train', async (request, reply) => {
    const { model } = request.params as { model: string };
    const job = await jobs().ask(model, objectIn(request.body), deps.caller(request));
    return reply.code(202).send(job);
  });
  app.post('/admin/models/:model/versions/:version/evaluate', async (request, reply) => {
    const { model, version } = request.params as { model: string; version: string };
    const { dataset } = objectIn(request.body);
    if (!/^\d{1,15}$/.test(version)) throw invalid(`${version} is no version`, { field: 'version' });
    if (typeof dataset !== 'string') throw invalid('the body has to name a dataset', { field: 'dataset' });
    return reply.code(202).send(await jobs().measure(model, Number(version), dataset, deps.caller(request)));
  });
  app.get('/admin/jobs', async (request) => ({ jobs: await jobs().queue.list(filterOf(request.query)) }));
  app.get('/admin/jobs/:id', async (request) => jobs().queue.get(idOf(request)));
  app.post('/admin/jobs/:id/cancel', async (request) =>
    jobs().queue.cancel(idOf(request), `cancelled by ${deps.caller(request)}`),
  );
  app.post('/admin/jobs/:id/retry', async (request) => jobs().queue.retry(idOf(request)));
  app.get('/admin/devices', async () => ({ devices: await jobs().queue.devices() }));
  app.get('/admin/jobs/:id/events', (request, reply) => stream(jobs().queue, request, reply));
}

function idOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id;
}

function filterOf(query: unknown): JobFilter {
  const parsed = Filter.safeParse(query);
  if (parsed.success) return JSON.parse(JSON.stringify(parsed.data)) as JobFilter;
  const issue = parsed.error.issues[0];
  throw invalid(`${issue?.path.join('.')}: ${issue?.message}`, { field: issue?.path.join('.') ?? '' });
}

/** Source of the format: https://html.spec.whatwg.org/multipage/server-sent-events.html */
async function stream(queue: JobQueue, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const id = idOf(request);
  const after = Number(request.headers['last-event-id'] ?? (request.query as { after?: string }).after ?? 0);
  if (!Number.isSafeInteger(after) || after < 0) throw invalid(`${after} is no number of an event`, { field: 'after' });
  await queue.get(id);
  const gone = new AbortController();
  reply.raw.on('close', () => gone.abort());
  reply.hijack();
  reply.raw.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-request-id': request.id,
  });
  try {
    for await (const event of queue.events(id, after, gone.signal)) {
      const { id: number, kind, ...said } = event;
      const isFull = !reply.raw.write(`id: ${number}\nevent: ${kind}\ndata: ${JSON.stringify(said)}\n\n`);
      if (isFull && !gone.signal.aborted)
        await new Promise((resolve) => reply.raw.once('drain', resolve).once('close', resolve));
    }
    if (!gone.signal.aborted) reply.raw.write(`event: end\ndata: ${JSON.stringify(await queue.get(id))}\n\n`);
  } catch {
    // The status is sent: whoever listens finds the stream broken off, and asks again from the last event on.
  }
  reply.raw.end();
}

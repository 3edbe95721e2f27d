/** Trainings as who asks a server for them sees it: over the admin API, and by the commands. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askAdmin, eventsOf } from '../../src/cli/admin-client.ts';
import { type RunningServer, startServer } from '../../src/cli/server.ts';
import { resolveConfig } from '../../src/core/config.ts';
import type { Job } from '../../src/jobs/job.ts';
import { ModelRepository } from '../../src/registry/repository.ts';
import { FolderObjects } from '../../src/store/objects/folder.ts';
import { writeDataset } from '../../src/train/dataset.ts';
import { TrainingStore } from '../../src/train/training-store.ts';
import { digitExamples } from '../support/digits-set.ts';
import { frozenDigits } from '../support/frozen-digits.ts';

let folder = '';
let server: RunningServer;
let plain: RunningServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'floe-training-'));
  const objects = new FolderObjects(join(folder, 'models'));
  await new ModelRepository(objects).publish('digits', await frozenDigits(folder), { by: 'test' });
  const store = new TrainingStore(objects);
  const { digest } = await writeDataset(join(folder, 'set'), 'digits', await digitExamples(500));
  await store.keepDataset(join(folder, 'set'), digest);
  await store.nameDataset('digits', digest);
  const common = {
    models: join(folder, 'models'),
    httpPort: 0,
    adminPort: 0,
    grpcPort: 'off',
    pollSeconds: 3600,
    cacheDir: join(folder, 'cache'),
  };
  const start = (options: object): Promise<RunningServer> =>
    startServer(resolveConfig({ ...common, ...options }, {}, {}), pino({ level: 'silent' }), { inContainer: false });
  plain = await start({});
  server = await start({ sql: join(folder, 'sql'), allInOne: true });
});
afterAll(async () => {
  await server?.close();
  await plain?.close();
  await rm(folder, { recursive: true, force: true });
});

function ask(path: string, method = 'GET', body?: object, of = server): Promise<Response> {
  const said = body === undefined ? {} : { body: JSON.stringify(body) };
  return askAdmin({ url: of.admin, key: undefined }, path, { method, ...said });
}

const train = async (wish: object): Promise<Job> =>
  (await ask('/admin/models/digits/train', 'POST', wish)).json() as Promise<Job>;

async function events(id: string, after = 0): Promise<{ kind: string; data: unknown }[]> {
  const found = [];
  for await (const event of eventsOf(await ask(`/admin/jobs/${id}/events?after=${after}`))) found.push(event);
  return found;
}

describe('the admin API', () => {
  it('takes a training, tells how it goes until its end, and lists it', async () => {
    const asked = await ask('/admin/models/digits/train', 'POST', { dataset: 'digits', rollout: false });
    expect(asked.status).toBe(202);
    const { id } = (await asked.json()) as Job;
    const told = await events(id);
    expect(new Set(told.map(({ kind }) => kind))).toEqual(new Set(['state', 'log', 'progress', 'metric', 'end']));
    expect(told.at(-1)).toMatchObject({ kind: 'end', data: { state: 'succeeded', result: { version: 2 } } });
    expect((await events(id, 3)).length).toBe(
      told.length - (told.findIndex(({ kind }) => kind === 'end') >= 3 ? 3 : 0),
    );
    const { jobs } = (await (await ask('/admin/jobs?state=succeeded&kind=train')).json()) as { jobs: Job[] };
    expect(jobs.map((job) => job.id)).toEqual([id]);
    const { devices } = (await (await ask('/admin/devices')).json()) as { devices: object[] };
    expect(devices).toMatchObject([{ isLeased: true }]);
  });

  it('cancels, and queues again', async () => {
    const { id } = await train({
      dataset: 'digits',
      rollout: false,
      parameters: { steps: 1_000_000, patience: 100_000 },
    });
    await ask(`/admin/jobs/${id}/cancel`, 'POST');
    expect((await events(id)).at(-1)).toMatchObject({ data: { state: 'cancelled', reason: 'cancelled by anonymous' } });
    expect(await (await ask(`/admin/jobs/${id}/retry`, 'POST')).json()).toMatchObject({ id, state: 'queued' });
    await ask(`/admin/jobs/${id}/cancel`, 'POST');
  });

  it('moves the stable version as a person decides, and says who decided', async () => {
    const why = { why: 'a person knows better' };
    expect(await (await ask('/admin/models/digits/promote', 'POST', { version: 2, ...why })).json()).toMatchObject({
      stable: 2,
    });
    expect(await (await ask('/admin/models/digits/rollback', 'POST')).json()).toMatchObject({ stable: 1 });
    const { channels, audit } = (await (await ask('/admin/models/digits/audit')).json()) as {
      channels: object;
      audit: object[];
    };
    expect(channels).toMatchObject({ stable: 1 });
    expect(audit.slice(-2)).toMatchObject([{ by: 'anonymous', ...why, to: { stable: 2 } }, { to: { stable: 1 } }]);
  });

  it('measures a version', async () => {
    const job = (await (
      await ask('/admin/models/digits/versions/1/evaluate', 'POST', { dataset: 'digits' })
    ).json()) as Job;
    expect((await events(job.id)).at(-1)).toMatchObject({ data: { state: 'succeeded', result: { n: 100 } } });
  });

  it.each([
    ['POST', '/admin/models/unknown/train', {}, 'NOT_FOUND', 'unknown'],
    ['POST', '/admin/models/digits/train', { parametres: {} }, 'INVALID_ARGUMENT', 'parametres'],
    ['POST', '/admin/models/digits/train', { rollout: [0, 200] }, 'INVALID_ARGUMENT', 'rollout'],
    ['POST', '/admin/models/digits/promote', { version: 9 }, 'NOT_FOUND', '9'],
    ['POST', '/admin/models/digits/promote', { version: '2' }, 'INVALID_ARGUMENT', 'version'],
    ['POST', '/admin/models/..%2Fx/rollback', {}, 'INVALID_ARGUMENT', 'name'],
    ['POST', '/admin/models/digits/versions/9/evaluate', { dataset: 'digits' }, 'NOT_FOUND', '9'],
    ['POST', '/admin/models/digits/versions/1/evaluate', {}, 'INVALID_ARGUMENT', 'dataset'],
    ['POST', '/admin/models/digits/versions/1/evaluate', { dataset: 'none' }, 'NOT_FOUND', 'none'],
    ['GET', '/admin/jobs?state=lost', undefined, 'INVALID_ARGUMENT', 'state'],
    ['GET', '/admin/jobs?limit=0', undefined, 'INVALID_ARGUMENT', 'limit'],
    ['GET', '/admin/jobs/7', undefined, 'NOT_FOUND', '7'],
    ['GET', '/admin/jobs/7/events', undefined, 'NOT_FOUND', '7'],
    ['POST', '/admin/jobs/00000000-0000-4000-8000-000000000000/cancel', undefined, 'NOT_FOUND', '0000'],
  ])('%s %s %j is %s', async (method, path, body, code, named) => {
    const failed = ask(path, method, body);
    await expect(failed).rejects.toMatchObject({ code, message: expect.stringContaining(named) as string });
  });

  it('has no trainings where there is no database', async () => {
    await expect(ask('/admin/jobs', 'GET', undefined, plain)).rejects.toMatchObject({ code: 'UNIMPLEMENTED' });
    const bad = fetch(`${server.admin}/admin/models/digits/train`, { method: 'POST', body: '[1]' });
    expect((await bad).status).toBe(400);
  });
});

/**
 * Workers, the server, the database and the bucket are killed one after the other, at random, while users ask and correct and trainings run. At the end
 * everything adds up: no training is lost or published twice, no correction that was taken is gone, and no request failed but those that the server
 * had when it was killed itself.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql as query } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ModelRepository } from '../../packages/server/src/registry/repository.ts';
import { openSql } from '../../packages/server/src/sql/open.ts';
import { jsonOf, type StoredObject } from '../../packages/server/src/store/objects/object-store.ts';
import { openObjectStore } from '../../packages/server/src/store/objects/open.ts';
import { writeDataset } from '../../packages/server/src/train/dataset.ts';
import { takeRows } from '../../packages/server/src/train/examples.ts';
import { TrainingStore } from '../../packages/server/src/train/training-store.ts';
import { digitExamples } from '../../packages/server/test/support/digits-set.ts';
import { frozenDigits } from '../../packages/server/test/support/frozen-digits.ts';
import { server } from '../postgres/server.ts';
import { CREDENTIALS, S3Process } from '../s3/s3-process.ts';
import { FloeProcess } from './processes.ts';

const MODELS = ['ones', 'twos'];
const ROUNDS = 2;
const SEED = Number(process.env['FLOE_SEED'] ?? 11);
const PARAMETERS = { layers: 2, patience: 50, steps: 1500 };

const postgres = server();
let s3: S3Process;
let folder = '';
let url = '';
let sql = '';
let serving: FloeProcess;
const workers: FloeProcess[] = [];

beforeAll(async () => {
  Object.assign(process.env, CREDENTIALS);
  folder = await mkdtemp(join(tmpdir(), 'floe-chaos-'));
  s3 = await S3Process.start();
  url = s3.bucket('chaos');
  sql = await postgres.process.database('chaos');
});
afterAll(async () => {
  for (const process of [serving, ...workers]) await process.end('SIGKILL');
  await s3.remove();
  await rm(folder, { recursive: true, force: true });
});

/** A number in 0..1, the same ones for the same seed. */
let state = SEED;
function random(): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

async function prepare(): Promise<void> {
  const objects = await openObjectStore(url);
  const [repository, store] = [new ModelRepository(objects), new TrainingStore(objects)];
  const set = await writeDataset(join(folder, 'set'), 'digits', await digitExamples(800));
  await store.keepDataset(join(folder, 'set'), set.digest);
  await store.nameDataset('digits', set.digest);
  for (const model of MODELS) {
    await repository.publish(model, await frozenDigits(folder), { by: 'test' });
    await repository.promote(model, 1, { by: 'test' });
  }
  objects.close();
}

const address = (port: 'http' | 'admin'): string => String(serving.ready[port]);

/** Asks and corrects until told to stop. */
class Load {
  private readonly stopped = new AbortController();
  private running: Promise<void> = Promise.resolve();
  /** The server is being killed, or comes back. */
  isDown = false;
  answered = 0;
  failed = 0;
  readonly corrected: string[] = [];

  async start(): Promise<this> {
    const { inputs } = await digitExamples(100);
    const rows = Array.from({ length: 100 }, (_, row) => {
      const tensor = takeRows(inputs.get('x') as never, [row]);
      return JSON.stringify({
        inputs: [{ name: 'x', datatype: 'FP32', shape: tensor.shape, data: [...(tensor.data as Float32Array)] }],
      });
    });
    this.running = this.go(rows);
    return this;
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.running;
  }

  private async go(rows: readonly string[]): Promise<void> {
    for (let n = 0; !this.stopped.signal.aborted; n++) {
      const model = MODELS[n % MODELS.length] as string;
      const id = `request-${n}`;
      const wasDown = this.isDown;
      const answer = await fetch(`${address('http')}/v2/models/${model}/infer`, {
        method: 'POST',
        headers: { 'x-request-id': id },
        body: rows[n % rows.length] as string,
      }).then(
        (response) => response.arrayBuffer().then(() => response.ok),
        () => false,
      );
      if (answer) this.answered++;
      else if (!wasDown && !this.isDown) this.failed++;
      if (answer && n % 5 === 0) await this.correct(model, id);
      await sleep(answer ? 5 : 50);
    }
  }

  private async correct(model: string, requestId: string): Promise<void> {
    const taken = await fetch(`${address('http')}/v1/models/${model}/feedback`, {
      method: 'POST',
      body: JSON.stringify({ requestId, label: 7 }),
      signal: AbortSignal.timeout(5000),
    }).then(
      (response) => response.arrayBuffer().then(() => response.ok),
      () => false,
    );
    if (taken) this.corrected.push(requestId);
  }
}

/** Until the server takes it: who asks for a training asks again. */
async function submit(model: string): Promise<string> {
  for (;;) {
    const job = await fetch(`${address('admin')}/admin/models/${model}/train`, {
      method: 'POST',
      body: JSON.stringify({ dataset: 'digits', rollout: false, parameters: PARAMETERS }),
      signal: AbortSignal.timeout(5000),
    }).then(
      (response) => response.json() as Promise<{ id?: string }>,
      () => ({}) as { id?: string },
    );
    if (job.id !== undefined) return job.id;
    await sleep(200);
  }
}

async function finished(id: string): Promise<string> {
  for (;;) {
    const job = await fetch(`${address('admin')}/admin/jobs/${id}`, { signal: AbortSignal.timeout(5000) }).then(
      (response) => response.json() as Promise<{ state?: string; reason?: string | null }>,
      () => ({}) as { state?: string; reason?: string | null },
    );
    if (['succeeded', 'dead', 'cancelled'].includes(job.state ?? '')) return `${job.state}: ${job.reason}`;
    await sleep(200);
  }
}

async function killOne(load: Load): Promise<void> {
  const away = 200 + random() * 1300;
  const victim = Math.floor(random() * 5);
  if (victim === 0) {
    load.isDown = true;
    await serving.end('SIGKILL');
    await sleep(away);
    while (!serving.isRunning) await serving.start();
    load.isDown = false;
    return;
  }
  const [end, begin] = [
    [() => postgres.process.kill(), () => postgres.process.run()],
    [() => s3.kill(), () => s3.run()],
    [() => workers[0]?.end('SIGKILL'), () => workers[0]?.start()],
    [() => workers[1]?.end('SIGKILL'), () => workers[1]?.start()],
  ][victim - 1] as [() => Promise<unknown>, () => Promise<unknown>];
  await end();
  await sleep(away);
  await begin();
}

it('adds up in the end', async () => {
  await prepare();
  const common = ['--models', url, '--sql', sql, '--cache-dir', join(folder, 'cache')];
  serving = await new FloeProcess([
    'serve',
    ...common,
    '--http-port',
    '0',
    '--admin-port',
    '0',
    '--grpc-port',
    'off',
    '--labels-per-minute',
    '1000000',
  ]).start();
  const ports = ['http', 'admin'].map((name) => new URL(address(name as 'http')).port);
  // It comes back where it was.
  await serving.end();
  serving = await new FloeProcess([
    'serve',
    ...common,
    '--http-port',
    ports[0] as string,
    '--admin-port',
    ports[1] as string,
    '--grpc-port',
    'off',
    '--labels-per-minute',
    '1000000',
  ]).start();
  for (let n = 0; n < 2; n++) workers.push(await new FloeProcess(['worker', ...common]).start());
  const load = await new Load().start();
  const ids: string[] = [];
  const trainings = MODELS.map(async (model) => {
    for (let round = 0; round < ROUNDS; round++) {
      const id = await submit(model);
      ids.push(id);
      expect(await finished(id)).toMatch(/^succeeded/);
    }
  });
  let isOver = false;
  const all = Promise.all(trainings).finally(() => (isOver = true));
  for (let kills = 0; kills < 12 && !isOver; kills++) {
    await sleep(500 + random() * 2500);
    await killOne(load);
  }
  for (const worker of workers) while (!worker.isRunning) await worker.start();
  await all;
  await load.stop();

  expect(new Set(ids).size).toBe(MODELS.length * ROUNDS);
  expect(load.failed).toBe(0);
  expect(load.answered).toBeGreaterThan(100);
  expect(load.corrected.length).toBeGreaterThan(5);
  const database = await openSql(sql);
  const { rows } = await query<{ request_id: string }>`
    SELECT request_id FROM floe.feedback_interaction WHERE labels IS NOT NULL`.execute(database.db);
  await database.close();
  const kept = new Set(rows.map(({ request_id }) => request_id));
  expect(load.corrected.filter((id) => !kept.has(id))).toEqual([]);
  const objects = await openObjectStore(url);
  const repository = new ModelRepository(objects);
  const publishers: string[] = [];
  for (const model of MODELS) {
    for (const version of (await repository.versions(model)).slice(1)) {
      const claim = (await objects.get(`${model}/${version}/claim.json`)) as StoredObject;
      publishers.push((jsonOf(claim, 'claim') as { by: string }).by);
      expect((await repository.manifest(model, version)).evaluation?.n).toBe(160);
    }
  }
  objects.close();
  expect(publishers.sort()).toEqual(ids.map((id) => `job ${id}`).sort());
});

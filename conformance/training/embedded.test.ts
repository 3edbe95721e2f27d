/** Everything built in, killed without a word in the midst of a training: the database opens again, what was said is there, and the training goes on. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ModelRepository } from '../../packages/server/src/registry/repository.ts';
import { FolderObjects } from '../../packages/server/src/store/objects/folder.ts';
import { writeDataset } from '../../packages/server/src/train/dataset.ts';
import { TrainingStore } from '../../packages/server/src/train/training-store.ts';
import { digitExamples } from '../../packages/server/test/support/digits-set.ts';
import { frozenDigits } from '../../packages/server/test/support/frozen-digits.ts';

interface Running {
  readonly child: ChildProcess;
  readonly http: string;
  readonly admin: string;
}

const SCRIPT = fileURLToPath(new URL('./embedded-server.ts', import.meta.url));
let folder = '';
const children: ChildProcess[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'floe-embedded-'));
  const objects = new FolderObjects(join(folder, 'models'));
  await new ModelRepository(objects).publish('digits', await frozenDigits(folder), { by: 'test' });
  const { digest } = await writeDataset(join(folder, 'set'), 'digits', await digitExamples(1000));
  const store = new TrainingStore(objects);
  await store.keepDataset(join(folder, 'set'), digest);
  await store.nameDataset('digits', digest);
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<Running> {
  const child = spawn(process.execPath, [SCRIPT, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [line] = (await once(child.stdout as NonNullable<typeof child.stdout>, 'data')) as [Buffer];
  return { child, ...(JSON.parse(line.toString('utf8')) as { http: string; admin: string }) };
}

async function post(url: string, body: object, headers = {}): Promise<Record<string, unknown>> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body), headers });
  return (await response.json()) as Record<string, unknown>;
}

interface JobView {
  readonly state: string;
  readonly attempt: number;
  readonly progress: number;
  readonly keptIn: number;
}

async function job({ admin }: Running, id: string, until: (job: JobView) => boolean): Promise<JobView> {
  for (;;) {
    const found = (await (await fetch(`${admin}/admin/jobs/${id}`)).json()) as JobView;
    if (until(found)) return found;
    await sleep(100);
  }
}

it('is all there after a kill', async () => {
  const first = await start();
  const asked = { instances: [Array.from({ length: 28 }, () => Array.from({ length: 28 }, () => [0]))] };
  await post(`${first.http}/v1/models/digits:predict`, asked, { 'x-request-id': 'one' });
  expect(await post(`${first.http}/v1/models/digits/feedback`, { requestId: 'one', label: '7' })).toMatchObject({
    rows: 1,
  });
  const wish = { dataset: 'digits', rollout: false, parameters: { layers: 2, steps: 1500, patience: 1000 } };
  const { id } = (await post(`${first.admin}/admin/models/digits/train`, wish)) as { id: string };
  await job(first, id, ({ progress, keptIn }) => keptIn === 1 && progress > 0.5);
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  const second = await start();
  expect(await post(`${second.http}/v1/models/digits/feedback`, { requestId: 'one', label: '8' })).toMatchObject({
    rows: 1,
  });
  const done = await job(second, id, ({ state }) => state === 'succeeded' || state === 'dead');
  expect(done).toMatchObject({ state: 'succeeded', attempt: 2 });
  const exit = once(second.child, 'exit');
  second.child.kill('SIGTERM');
  expect(await exit).toEqual([0, null]);
});
